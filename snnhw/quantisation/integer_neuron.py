"""A float neuron, with its synaptic current, as one Loihi neuron: threshold, decays, bias and states in integers.

Units are those of Lava's fixed-point model: one weight unit is 64 membrane units. Decays have 12 bits. What a spike
takes off a membrane that is reset by subtraction is in membrane units, finer than the threshold.
"""

from __future__ import annotations

import numpy as np

from snnhw.errors import InputError
from snnhw.graph.ir import LI, LIF, Array, LoihiLIF
from snnhw.graph.loihi import BIAS_EXP_LIMIT, BIAS_MANT_LIMIT, DECAY_ONE, UNITS_PER_WEIGHT


def bias_exponent(largest: float) -> int:
    """The smallest exponent with which a bias of `largest` membrane units fits a 13-bit mantissa."""
    return max(0, int(np.ceil(np.log2(max(largest, 1.0) / BIAS_MANT_LIMIT))))


def bias_code(units: Array) -> tuple[Array, int]:
    """(mantissa int16, exponent) of biases in membrane units: the smallest exponent whose 13-bit mantissa fits.

    Raises:
        InputError: a bias needs an exponent above 7.
    """
    largest = float(np.abs(units).max(initial=0.0))
    exponent = bias_exponent(largest)
    if exponent > BIAS_EXP_LIMIT:
        raise InputError(
            f"A bias of {largest:.0f} membrane units needs exponent {exponent} > 7; lower the weight scale."
        )
    mantissa: Array = np.clip(np.rint(units / 2**exponent), -BIAS_MANT_LIMIT - 1, BIAS_MANT_LIMIT).astype(np.int16)
    return mantissa, exponent


def kept_share(current: LI | None) -> int | Array:
    """How much of a synaptic current Loihi keeps in a step, in 1/4096: the decay, rounded, at most 4095."""
    return 0 if current is None else _register(np.asarray(current.decay, np.float64) * DECAY_ONE, current.shape)


def _register(value: Array, shape: tuple[int, ...]) -> int | Array:
    """A decay register of 12 bits: a number where all are equal, else an array of the node's shape."""
    whole = np.minimum(DECAY_ONE - 1, np.rint(value).astype(np.int64))
    return int(whole.flat[0]) if np.ptp(whole) == 0 else np.broadcast_to(whole, shape).copy()


def decay_registers(
    decay: float | Array, current: LI | None, shape: tuple[int, ...]
) -> tuple[int | Array, int | Array]:
    """(du, dv) of neurons of `shape` whose membranes decay by `decay`, their currents, if they last, by theirs."""
    dv = _register((1 - np.asarray(decay, np.float64)) * DECAY_ONE, shape)
    return DECAY_ONE - 1 - kept_share(current), dv


def taken_off(neuron: LIF) -> Array:
    """What a spike takes off the membrane of an integer neuron that resets by subtraction, in float units.

    Only what the decay leaves of it reaches the next step, so it is scaled by the decay over that of the register: a
    reset that is late by a step takes off threshold / decay, which for a small decay is far more than the rounded decay
    would make of the threshold.
    """
    _, dv = decay_registers(neuron.decay, None, neuron.shape)
    kept: Array = np.asarray(neuron.decay, np.float64) * DECAY_ONE / (DECAY_ONE - np.asarray(dv))
    return kept * neuron.taken_off


def integer_neuron(neuron: LIF, current: LI | None, scale: Array, bias: Array) -> LoihiLIF:
    """`neuron` in integers.

    Args:
        neuron: with unit gain, and with a hard reset to 0 or one by subtraction.
        current: its synaptic current, where that lasts.
        scale: weight units per float unit of current, [1] or [O].
        bias: of its synapses, [1] or [O], in float units.

    Raises:
        InputError: a bias needs an exponent above 7.
    """
    along = (-1,) + (1,) * (len(neuron.shape) - 1)
    units = UNITS_PER_WEIGHT * scale.reshape(along)
    mantissa, exponent = bias_code(units * (bias.reshape(along) + np.asarray(neuron.leak, dtype=np.float64)))
    uniform = np.ndim(neuron.threshold) == 0 and bool((scale == scale[0]).all())
    column = scale[0] if uniform else scale.reshape(along)
    threshold = np.rint(column * np.asarray(neuron.threshold, dtype=np.float64)).astype(np.int64)
    du, dv = decay_registers(neuron.decay, current, neuron.shape)
    return LoihiLIF(
        name=neuron.name,
        shape=neuron.shape,
        threshold=int(threshold) if uniform else np.broadcast_to(threshold, neuron.shape).copy(),
        du=du,
        dv=dv,
        bias_mant=mantissa,
        bias_exp=exponent,
        reset=neuron.reset,
        taken_off=_units(taken_off(neuron), units, neuron.shape) if neuron.reset == "subtract" else 0,
        start=_units(neuron.start, units, neuron.shape),
        current_start=0 if current is None else _units(current.start, units, neuron.shape),
        unit=neuron.unit,
        level=neuron.level,
    )


def _units(value: float | Array, units: Array, shape: tuple[int, ...]) -> int | Array:
    """A float in membrane units: a number where all neurons have the same, else an array of their shape."""
    whole = np.rint(units * np.asarray(value, dtype=np.float64)).astype(np.int64)
    return int(whole.flat[0]) if np.ptp(whole) == 0 else np.broadcast_to(whole, shape).copy()
