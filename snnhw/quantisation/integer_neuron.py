"""A float neuron, with its synaptic current, as one Loihi neuron: threshold, decays, bias and first states in integers.

Units are those of Lava's fixed-point model: one weight unit is 64 membrane units. Decays have 12 bits.
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


def kept_share(current: LI | None) -> int:
    """How much of a synaptic current Loihi keeps in a step, in 1/4096: the decay, rounded, at most 4095."""
    return 0 if current is None else min(DECAY_ONE - 1, round(float(np.ravel(current.decay)[0]) * DECAY_ONE))


def integer_neuron(neuron: LIF, current: LI | None, scale: Array, bias: Array) -> LoihiLIF:
    """`neuron` in integers.

    Args:
        neuron: plain but for a leak, which is a bias, and a membrane to start from.
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
    return LoihiLIF(
        name=neuron.name,
        shape=neuron.shape,
        threshold=int(threshold) if uniform else np.broadcast_to(threshold, neuron.shape).copy(),
        du=DECAY_ONE - 1 - kept_share(current),
        dv=min(DECAY_ONE - 1, round((1 - neuron.one_decay) * DECAY_ONE)),
        bias_mant=mantissa,
        bias_exp=exponent,
        start=_start(neuron.start, units, neuron.shape),
        current_start=0 if current is None else _start(current.start, units, neuron.shape),
        unit=neuron.unit,
        level=neuron.level,
    )


def _start(state: float | Array, units: Array, shape: tuple[int, ...]) -> int | Array:
    """A state before the first step in membrane units, 0 where it is 0 everywhere."""
    whole = np.rint(units * np.asarray(state, dtype=np.float64)).astype(np.int64)
    return np.broadcast_to(whole, shape).copy() if whole.any() else 0
