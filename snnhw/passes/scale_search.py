"""The weight scales of one layer: the candidates with the smallest expected error of the current, within all limits.

Takes the synapses that feed one group of neurons, gives s [O], equal for all neurons or one per output channel, such
that w = 2*round(s*W/2) are even 8-bit integers, thresholds round(s*theta) fit 17 bits and the current provably stays
below 2^17.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from snnhw.graph.ir import LIF, Array, Graph, Linear, Synapse
from snnhw.loihi import (
    BIAS_EXP_LIMIT,
    BIAS_MANT_LIMIT,
    CURRENT_LIMIT,
    THRESHOLD_LIMIT,
    UNITS_PER_WEIGHT,
    WEIGHT_LIMIT,
)
from snnhw.simulate.synapses import largest_input

CANDIDATES = np.linspace(0.6, 1.4, 81)  # scales tried, relative to the one that just avoids clipping
MARGIN = 0.98  # of the current bound, for what rounding adds
UNBOUNDED = 1e6  # scale of a layer that nothing limits: all its weights are zero


def even_weights(weight: Array, scale: Array) -> Array:
    """2*round(s*W/2) with s [O], clipped to -254..254, int32."""
    column = np.reshape(scale, (-1,) + (1,) * (weight.ndim - 1))
    even = 2 * np.rint(weight.astype(np.float64) * column / 2)
    integers: Array = np.clip(even, -WEIGHT_LIMIT, WEIGHT_LIMIT).astype(np.int32)
    return integers


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
    rates: Mapping[str, Array],
    *,
    per_channel: bool = False,
) -> Array:
    """Weight units per float unit of current, [O].

    Args:
        graph: the float graph, for what can arrive at each synapse.
        synapses: all synapses into one group of neurons; they share the scales.
        gain: synapse -> integers per float unit of what enters it (the input scale, or 1 for spikes).
        neurons: the channels of the unit; none for the readout.
        rates: unit -> mean spikes per step [*shape]; weighs each weight by how often it is used.
        per_channel: search one scale per output channel instead of one for all.
    """
    ceiling = _ceilings(graph, synapses, gain, neurons)
    largest = np.max([_rows(np.abs(s.weight)).max(axis=1) / gain[s.name] for s in synapses], axis=0)
    if not per_channel:
        ceiling, largest = np.full_like(ceiling, ceiling.min()), np.full_like(largest, largest.max())
    full = np.divide(WEIGHT_LIMIT, largest, out=ceiling.copy(), where=largest > 0)
    tried = np.minimum(np.outer(CANDIDATES, full), ceiling)  # [candidates, O]
    errors = np.stack([_errors(graph, synapses, gain, neurons, rates, scale) for scale in tried])
    if not per_channel:
        best: Array = tried[int(errors.sum(axis=1).argmin())]
        return best
    chosen: Array = tried[errors.argmin(axis=0), np.arange(tried.shape[1])]
    return chosen


def _errors(
    graph: Graph,
    synapses: Sequence[Synapse],
    gain: Mapping[str, float],
    neurons: Sequence[LIF],
    rates: Mapping[str, Array],
    scale: Array,
) -> Array:
    """Expected squared error of the current and of the thresholds, per output channel [O]."""
    found = np.zeros(len(scale))
    for synapse in synapses:
        column = (scale / gain[synapse.name]).reshape((-1,) + (1,) * (synapse.weight.ndim - 1))
        wrong = even_weights(synapse.weight, column.ravel()) / column - synapse.weight
        found += _rows(_usage(graph, synapse, rates) * wrong**2).sum(axis=1)
    for neuron in neurons:
        theta = float(np.max(neuron.threshold))
        found += (np.rint(scale * theta) / scale - theta) ** 2
    return found


def _ceilings(graph: Graph, synapses: Sequence[Synapse], gain: Mapping[str, float], neurons: Sequence[LIF]) -> Array:
    """Largest scale [O] that keeps thresholds in 17 bits, biases in mantissa and exponent, and |a| below 2^17."""
    limits = np.full(len(synapses[0].weight), UNBOUNDED)
    if not neurons:
        return limits
    theta = max(float(np.max(n.threshold)) for n in neurons)
    if theta > 0:
        limits = np.minimum(limits, THRESHOLD_LIMIT / theta)
    reach = np.zeros_like(limits)
    for synapse in synapses:
        # each weight may be rounded up by half a step, 1/254 of the largest one
        rows = _rows(np.abs(synapse.weight)).sum(axis=1) + synapse.weight[0].size / WEIGHT_LIMIT
        source = graph.into(synapse.name)[0].source
        limit = 2 ** (graph.input.bits - 1) if source == graph.input.name else largest_input(graph, synapse.name)
        reach += rows / gain[synapse.name] * limit
    bias = np.abs(total_bias(synapses)) * UNITS_PER_WEIGHT
    for numerator, denominator in ((MARGIN * CURRENT_LIMIT, reach), (BIAS_MANT_LIMIT << BIAS_EXP_LIMIT, bias)):
        limits = np.minimum(limits, np.divide(numerator, denominator, out=limits.copy(), where=denominator > 0))
    return limits


def _rows(array: Array) -> Array:
    """[O, everything else]."""
    return array.reshape(len(array), -1)


def _usage(graph: Graph, synapse: Synapse, rates: Mapping[str, Array]) -> Array:
    """Mean activity of each input channel, shaped to weigh the weights of the synapse; ones where it is not known."""
    units = {graph.nodes[e.source].name: e for e in graph.into(synapse.name)}
    unit_of = {n.name: unit for unit, nodes in graph.units().items() for n in nodes}
    known = {unit_of[name] for name in units if name in unit_of}
    if not known or not known <= set(rates):
        return np.ones_like(synapse.weight, dtype=np.float64)
    activity = sum(np.asarray(rates[unit], dtype=np.float64) for unit in known) + 1e-3
    if isinstance(synapse, Linear):
        return np.broadcast_to(np.asarray(activity).reshape(1, -1), synapse.weight.shape)
    per_channel = np.asarray(activity).mean(axis=(1, 2))
    per_group = per_channel.reshape(synapse.groups, -1)
    return np.repeat(per_group, len(synapse.weight) // synapse.groups, axis=0)[:, :, None, None]
