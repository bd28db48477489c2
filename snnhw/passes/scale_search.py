"""The weight scale of one layer: the candidate with the smallest expected error of the current, within all limits.

Takes the synapses that feed one group of neurons, gives s such that w = 2*round(s*W/2) are even 8-bit integers,
thresholds round(s*theta) fit 17 bits and the current provably stays below 2^17.
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


def even_weights(weight: Array, scale: float) -> Array:
    """2*round(scale*W/2), clipped to -254..254, int32."""
    even = 2 * np.rint(weight.astype(np.float64) * scale / 2)
    integers: Array = np.clip(even, -WEIGHT_LIMIT, WEIGHT_LIMIT).astype(np.int32)
    return integers


def total_bias(synapses: Sequence[Synapse]) -> Array:
    """Sum [O] of the biases of all synapses into the same neurons, float64."""
    sizes = [np.zeros(len(s.weight)) if s.bias is None else s.bias.astype(np.float64) for s in synapses]
    total: Array = np.sum(sizes, axis=0) if sizes else np.zeros(0)
    return total


def best_scale(
    graph: Graph,
    synapses: Sequence[Synapse],
    gain: Mapping[str, float],
    neurons: Sequence[LIF],
    rates: Mapping[str, Array],
) -> float:
    """Weight units per float unit of current.

    Args:
        graph: the float graph, for what can arrive at each synapse.
        synapses: all synapses into one group of neurons; they share the scale.
        gain: synapse -> integers per float unit of what enters it (the input scale, or 1 for spikes).
        neurons: the channels of the unit; none for the readout.
        rates: unit -> mean spikes per step [*shape]; weighs each weight by how often it is used.
    """
    largest = max((float(np.abs(s.weight).max(initial=0.0)) / gain[s.name] for s in synapses), default=0.0)
    ceiling = _ceiling(graph, synapses, gain, neurons)
    full = WEIGHT_LIMIT / largest if largest else ceiling
    tried = [c for c in full * CANDIDATES if c <= ceiling] or [ceiling]
    usage = {s.name: _usage(graph, s, rates) for s in synapses}
    top = np.array([np.max(n.threshold) for n in neurons]) if neurons else np.zeros(0)

    def error(scale: float) -> float:
        current = sum(
            float(
                (
                    usage[s.name]
                    * (even_weights(s.weight, scale / gain[s.name]) * gain[s.name] / scale - s.weight) ** 2
                ).sum()
            )
            for s in synapses
        )
        return current + float(((np.rint(scale * top) / scale - top) ** 2).sum())

    return float(min(tried, key=error))


def _ceiling(graph: Graph, synapses: Sequence[Synapse], gain: Mapping[str, float], neurons: Sequence[LIF]) -> float:
    """Largest scale that keeps thresholds in 17 bits, biases in mantissa and exponent, and |a| below 2^17."""
    limits = [THRESHOLD_LIMIT / float(np.max(n.threshold)) for n in neurons if float(np.max(n.threshold)) > 0]
    bias = float(np.abs(total_bias(synapses)).max(initial=0.0))
    if neurons and bias:
        limits.append((BIAS_MANT_LIMIT << BIAS_EXP_LIMIT) / (UNITS_PER_WEIGHT * bias))
    reach = 0.0
    for synapse in synapses:
        rows = np.abs(synapse.weight).reshape(len(synapse.weight), -1).sum(axis=1) + synapse.weight[0].size / 254
        source = graph.into(synapse.name)[0].source
        limit = 2 ** (graph.input.bits - 1) if source == graph.input.name else largest_input(graph, synapse.name)
        reach += float(rows.max(initial=0.0)) / gain[synapse.name] * limit
    if neurons and reach:
        limits.append(0.98 * CURRENT_LIMIT / reach)
    return min(limits, default=1e6)


def _usage(graph: Graph, synapse: Synapse, rates: Mapping[str, Array]) -> Array:
    """Mean activity of each input channel, shaped to weigh the weights of the synapse; ones where it is not known."""
    units = {graph.nodes[e.source].name: e for e in graph.into(synapse.name)}
    unit_of = {n.name: unit for unit, nodes in graph.units().items() for n in nodes}
    known = {unit_of[name] for name in units if name in unit_of}
    if not known or not known <= set(rates):
        return np.ones((1,) * synapse.weight.ndim)
    activity = sum(np.asarray(rates[unit], dtype=np.float64) for unit in known) + 1e-3
    if isinstance(synapse, Linear):
        return np.asarray(activity).reshape(1, -1)
    per_channel = np.asarray(activity).mean(axis=(1, 2))
    per_group = per_channel.reshape(synapse.groups, -1)
    return np.repeat(per_group, len(synapse.weight) // synapse.groups, axis=0)[:, :, None, None]
