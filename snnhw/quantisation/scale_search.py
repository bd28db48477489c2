"""The weight scales of one layer: the candidates with the smallest expected error of the current, within all limits.

Takes the synapses that feed one group of neurons, gives s [O], equal for all neurons or one per output channel, such
that w = d*round(s*W/d) are integers of a given width (d = 2 for 8 bits), thresholds round(s*theta) fit 17 bits and the
current provably stays below 2^17.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from snnhw.graph.currents import current_before
from snnhw.graph.ir import LIF, Array, Graph, Synapse
from snnhw.graph.loihi import (
    BIAS_EXP_LIMIT,
    BIAS_MANT_LIMIT,
    CURRENT_LIMIT,
    DECAY_ONE,
    THRESHOLD_LIMIT,
    UNITS_PER_WEIGHT,
)
from snnhw.graph.weight_width import FULL, WeightWidth
from snnhw.proofs.largest import largest_input, summed_shares
from snnhw.quantisation.integer_neuron import taken_off
from snnhw.quantisation.moments import Moments
from snnhw.quantisation.rounding import even_weights

CANDIDATES = np.linspace(0.6, 1.4, 81)  # scales tried, relative to the one that just avoids clipping
COARSE = np.linspace(0.6, 3.0, 121)  # for fewer than 8 bits: a coarse step gains by clipping more
HALF_A_SHARE = 0.5 / DECAY_ONE  # by which a decay may be rounded up
UNBOUNDED = 1e6  # scale of a layer that nothing limits: all its weights are zero


def total_bias(synapses: Sequence[Synapse]) -> Array:
    """Sum [O] of the biases of all synapses into the same neurons, float64."""
    sizes = [np.zeros(len(s.weight)) if s.bias is None else s.bias.astype(np.float64) for s in synapses]
    total: Array = np.sum(sizes, axis=0) if sizes else np.zeros(0)
    return total


def best_scales(
    graph: Graph,
    synapses: Sequence[Synapse],
    gain: Mapping[str, float],
    neurons: Sequence[LIF],
    moments: Mapping[str, Moments],
    *,
    per_channel: bool = False,
    width: WeightWidth = FULL,
) -> tuple[Array, float]:
    """Weight units per float unit of current, [O], and the squared error of the current to be expected with them.

    Args:
        graph: the float graph, for the largest input of each synapse.
        synapses: all synapses into one group of neurons; they share the scales.
        gain: synapse -> integers per float unit of its input (the input scale, or 1 for spikes).
        neurons: the channels of the unit; none for the read-out.
        moments: synapse -> moments of its inputs; they weigh each weight by how often it is used.
        per_channel: search one scale per output channel instead of one for all.
        width: of the weights.
    """
    ceiling = _ceilings(graph, synapses, gain, neurons, width)
    largest = np.max([_rows(np.abs(s.weight)).max(axis=1) / gain[s.name] for s in synapses], axis=0)
    if not per_channel:
        ceiling, largest = np.full_like(ceiling, ceiling.min()), np.full_like(largest, largest.max())
    full = np.divide(width.limit, largest, out=ceiling.copy(), where=largest > 0)
    tried = np.minimum(np.outer(CANDIDATES if width == FULL else COARSE, full), ceiling)  # [candidates, O]
    errors = np.stack([_errors(synapses, gain, neurons, moments, scale, width) for scale in tried])
    if not per_channel:
        first = int(errors.sum(axis=1).argmin())
        return tried[first], float(errors[first].sum())
    chosen = errors.argmin(axis=0), np.arange(tried.shape[1])
    return tried[chosen], float(errors[chosen].sum())


def _errors(
    synapses: Sequence[Synapse],
    gain: Mapping[str, float],
    neurons: Sequence[LIF],
    moments: Mapping[str, Moments],
    scale: Array,
    width: WeightWidth,
) -> Array:
    """Expected squared error of the current and of the thresholds, per output channel [O]."""
    errors = np.zeros(len(scale))
    for synapse in synapses:
        column = (scale / gain[synapse.name]).reshape((-1,) + (1,) * (synapse.weight.ndim - 1))
        wrong = even_weights(synapse.weight, column.ravel(), width) / column - synapse.weight
        errors += _rows(_usage(synapse, moments.get(synapse.name)) * wrong**2).sum(axis=1)
    for neuron in neurons:
        theta = float(np.max(neuron.threshold))
        errors += (np.rint(scale * theta) / scale - theta) ** 2
    return errors


def _ceilings(
    graph: Graph,
    synapses: Sequence[Synapse],
    gain: Mapping[str, float],
    neurons: Sequence[LIF],
    width: WeightWidth,
) -> Array:
    """Largest scale [O] that keeps thresholds in 17 bits, biases in mantissa and exponent, and |a| below 2^17."""
    limits = np.full(len(synapses[0].weight), UNBOUNDED)
    if not neurons:
        return limits
    theta = max(float(np.max(n.threshold)) for n in neurons)
    if theta > 0:
        limits = np.minimum(limits, THRESHOLD_LIMIT / theta)
    reach, rounding = np.zeros_like(limits), 0.0
    for synapse in synapses:
        limit = largest_input(graph, synapse.name)
        reach += _rows(np.abs(synapse.weight)).sum(axis=1) / gain[synapse.name] * limit
        rounding += synapse.weight[0].size * limit * (width.step / 2)  # by which rounding makes a weight larger
    current = current_before(graph, neurons[0])
    if current is not None:
        longest = float(summed_shares(np.max(current.decay) + HALF_A_SHARE, graph.timesteps))
        reach, rounding = reach * longest, rounding * longest
        reach = reach + _largest(current.start, current.shape)
    leaks = [_largest(n.leak, n.shape) for n in neurons]
    bias = (np.abs(total_bias(synapses)) + np.max(leaks, axis=0)) * UNITS_PER_WEIGHT
    start = np.max([_largest(n.start, n.shape) for n in neurons], axis=0)
    soft = [_largest(taken_off(n), n.shape) for n in neurons if n.reset == "subtract"]
    for numerator, denominator in (
        (max(CURRENT_LIMIT - 1 - rounding, CURRENT_LIMIT / 2), reach),
        (BIAS_MANT_LIMIT << BIAS_EXP_LIMIT, bias),
        (CURRENT_LIMIT - 1, np.max([start, *soft], axis=0)),  # in the same 24 bits
    ):
        limits = np.minimum(limits, np.divide(numerator, denominator, out=limits.copy(), where=denominator > 0))
    return limits


def _largest(values: float | Array, shape: tuple[int, ...]) -> Array:
    """Largest size [O] of a parameter in each channel."""
    largest: Array = np.abs(np.broadcast_to(values, shape)).reshape(shape[0], -1).max(axis=1)
    return largest


def _rows(array: Array) -> Array:
    """[O, everything else]."""
    return array.reshape(len(array), -1)


def _usage(synapse: Synapse, moments: Moments | None) -> Array:
    """Mean square of the inputs of each weight, [O, ...]; ones where it is not known."""
    if moments is None:
        return np.ones_like(synapse.weight, dtype=np.float64)
    square = moments.squares
    return np.repeat(square + 1e-3, len(synapse.weight) // len(square), axis=0).reshape(synapse.weight.shape)
