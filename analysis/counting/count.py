"""Exact operation counts of a graph from its spike record; `counts.py` says what each number means.

Takes a folded graph and a record of any backend. Counts add up over batches, processes and time steps, so memory does
not grow with the data. Operations are classified by the graph, never by looking at values.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from snnhw.analysis.counting.counts import EdgeCounts, LayerCounts, NetworkCounts
from snnhw.analysis.counting.exact import total, weighted
from snnhw.analysis.counting.fanout import Counts, dense_taps, effective_taps, fanout
from snnhw.analysis.counting.layers import Branch, Layer, layers, synapse
from snnhw.analysis.counting.products import met_in
from snnhw.analysis.counting.sources import source_levels, source_shape
from snnhw.analysis.counting.twin_passes import TwinPasses, twin_passes
from snnhw.errors import InputError
from snnhw.graph.given import graph_given
from snnhw.graph.ir import (
    ILIF,
    Conv2d,
    Graph,
    HostNode,
    Input,
    Linear,
    LoihiLIF,
    MaxPool,
    Neuron,
    Pool,
    Product,
    Synapse,
    Wires,
)
from snnhw.graph.weight_width import bits_needed
from snnhw.simulation.record import SpikeRecord, UnitRecord


def count(graph: Graph, record: SpikeRecord) -> NetworkCounts:
    """Exact counts of every layer.

    The multi-level and the decomposed form of a network, and the form with its average pool folded into the read-out,
    give the same spikes, events, synops and updates (an ILIF has one membrane, its channels have D). An analogue input
    is multiplied at every step (direct coding).

    Args:
        graph: folded (no Norm), multi-level or decomposed, float or integer.
        record: of any backend; units as in `graph.units()`, and the input's events if it sends integer events.

    Raises:
        InputError: the record is of another network.
    """
    graph = graph_given(graph)
    rows = layers(graph)
    twin = twin_passes(graph, record.timesteps // graph.input.slots, stepped=record.stepped)
    maps: dict[Branch, Counts] = {}
    counted = []
    for row in rows:
        for branch in row.branches:
            if branch not in maps:
                maps[branch] = branch_fanout(graph, branch)
        counted.append(_layer(graph, record, row, maps, twin))
    return NetworkCounts(graph.name, record.samples, record.timesteps, tuple(counted), twin.kind)


def branch_fanout(graph: Graph, branch: Branch) -> Counts:
    """Fan-out map of a branch, int64 of the source's shape."""
    path = [graph.nodes[name] for name in branch.via]
    if branch.synapse is not None:
        path.append(graph.nodes[branch.synapse])
    return fanout(path, source_shape(graph, branch.source))


def _layer(graph: Graph, record: SpikeRecord, row: Layer, maps: dict[Branch, Counts], twin: TwinPasses) -> LayerCounts:
    steps = record.samples * record.timesteps
    nodes = graph.units().get(row.name, ())
    membranes = 0 if row.kind == "product" else int(np.prod(row.shape, dtype=np.int64)) * row.membranes
    sent = unit_spikes(graph, record, row.name) if nodes else None
    pairs = met_in(graph, record, row.name) if row.kind == "product" else None
    computed = (*row.owns, row.name) if row.kind == "product" else row.owns  # with an ANN twin
    owned = [synapse(graph, name) for name in row.owns]
    params = sum(s.weight.size + (0 if s.bias is None else s.bias.size) for s in owned if not s.identity)
    bits = sum(_weight_bits(graph, s) for s in owned if not s.identity)
    return LayerCounts(
        name=row.name,
        kind=row.kind,
        shape=row.shape,
        levels=row.levels,
        synapse_nodes=row.synapses,
        spikes=() if sent is None else _totals(sent.levels),
        spikes_t=() if sent is None else tuple(tuple(int(n) for n in level) for level in sent.levels_t),
        graded_spikes=0 if sent is None else total(sent.graded_spikes),
        macs=steps * sum(node_macs(graph, name) for name in computed if name in row.analog),
        bias_adds=steps * (sum(_biases(graph, name) for name in row.owns) + _neuron_biases(nodes)),
        pool_adds=steps * sum(_pool_taps(graph, name) for name in row.pools),
        neuron_updates=steps * (membranes + sum(graph.nodes[name].size for name in row.integrators)),
        edges=tuple(_edge(graph, record, row, branch, maps[branch]) for branch in row.runs),
        dense_macs=sum(twin.of(name) * dense_macs(graph, name) for name in computed),
        dense_inputs=sum(twin.of(name) * dense_inputs(graph, name) for name in computed),
        dense_addresses=sum(twin.of(name) * _dense_addresses(graph, name) for name in computed),
        twin_words=sum(dense_inputs(graph, name) for name in computed),
        params=params,
        weight_bits=bits,
        current_updates=steps * sum(graph.nodes[name].size for name in row.currents),
        shared=tuple(_edge(graph, record, row, branch, maps[branch]) for branch in row.shared),
        host_operations=steps * sum(_host_operations(graph, name) for name in row.host),
        shared_bias_adds=steps * sum(_biases(graph, name) for name in row.synapses if name not in row.owns),
        repeated_macs=twin.steps * sum(dense_macs(graph, name) for name in computed if name in twin.every_step),
        passes=twin.of((nodes[0] if nodes else graph.nodes[row.name]).name),
        met_events=0 if pairs is None else int(pairs.events.sum()),
        met_synops=0 if pairs is None else int(pairs.synops.sum()),
        shared_membrane=row.membranes < row.levels,
        lateral_spikes=0 if sent is None or not inhibits(graph, nodes) else int(sent.levels.sum()),
    )


def met(branch: Branch, reach: Counts) -> Counts:
    """Synaptic operations of one spike on a branch; none where it is added to values, or meets other spikes."""
    return np.zeros_like(reach) if branch.summed or branch.meets else reach


def inhibits(graph: Graph, nodes: tuple[Neuron, ...]) -> bool:
    """Whether the levels of a unit would have to inhibit each other if they were neurons of their own."""
    return any(isinstance(node, ILIF) and not node.separable(graph.timesteps) for node in nodes)


def _edge(graph: Graph, record: SpikeRecord, row: Layer, branch: Branch, reach: Counts) -> EdgeCounts:
    sent = unit_spikes(graph, record, branch.source)
    events = sent.graded_spikes
    if not all(branch.gains):  # levels are nested: the graded spikes of the connected levels are those of the lowest
        events = sent.levels[min(k for k, gain in enumerate(branch.gains) if gain)]
    fan = met(branch, reach)
    source, stored = graph.nodes.get(branch.source), not isinstance(graph.nodes.get(branch.synapse or ""), Product)
    return EdgeCounts(
        source=branch.source,
        synapse=branch.synapse or "",
        target=row.name,
        target_levels=row.levels,
        synapses=int(fan.sum()) if stored else 0,
        spikes=sum(gain * total(level) for gain, level in zip(branch.gains, sent.levels, strict=True)),
        graded_spikes=total(events),
        level_synops=tuple(gain * weighted(level, fan) for gain, level in zip(branch.gains, sent.levels, strict=True)),
        events=weighted(events, fan),
        pool_size=source.size if isinstance(source, MaxPool | Product) else 0,
        input_size=source.size if isinstance(source, Input) else 0,
        summed=branch.summed,
        meets=branch.meets,
    )


def unit_spikes(graph: Graph, record: SpikeRecord, name: str) -> UnitRecord:
    """Spikes of a unit, of an input that sends events, or of a max pool or a product of spikes.

    Raises:
        InputError: the record lacks them, or they have another shape than the graph says.
    """
    if name not in record.units:
        node = graph.nodes.get(name)
        hint = "the events of the input" if isinstance(node, Input) else f"unit {name!r}"
        hint = f"the spikes that {name!r} sends" if isinstance(node, MaxPool | Product) else hint
        raise InputError(f"The spike record of {graph.name!r} lacks {hint}; record it with the same graph.")
    unit = record.units[name]
    expected = (source_levels(graph, name), *source_shape(graph, name))
    if unit.levels.shape != expected:
        raise InputError(
            f"Unit {name!r} is recorded as {unit.levels.shape}, not {expected}; record it with this graph."
        )
    return unit


def input_shape(graph: Graph, name: str) -> tuple[int, ...]:
    """Shape of the sum that arrives at a node."""
    return graph.nodes[graph.into(name)[0].source].shape


def dense_macs(graph: Graph, name: str) -> int:
    """MACs of synapse node or product `name` in one pass of the ANN twin: in-bounds taps, zero weights included.

    A synapse that had a pool folded into it counts as the smaller one it came from: the twin keeps its pool. Identity
    synapses, which only hardware needs, are no layer of the twin.
    """
    if isinstance(product := graph.nodes[name], Product):
        return product.macs
    node, shape = twin_synapse(graph, name)
    return 0 if node.identity else dense_taps(node, shape, connected(graph, name))


def dense_inputs(graph: Graph, name: str) -> int:
    """Activations that enter synapse node `name` in one pass of the ANN twin; identities and pools as above."""
    if isinstance(product := graph.nodes[name], Product):
        return sum(product.sizes)
    node, shape = twin_synapse(graph, name)
    ends = connected(graph, name)
    return 0 if node.identity else int(np.prod(shape, dtype=np.int64) if ends is None else ends.sum())


def connected(graph: Graph, name: str) -> npt.NDArray[np.bool_] | None:
    """Where something other than the zeros of wires can arrive at a node; None: everywhere."""
    wires = [graph.nodes[edge.source] for edge in graph.into(name)]
    ends = [node.connected for node in wires if isinstance(node, Wires)]
    found = np.logical_or.reduce(ends) if ends and len(ends) == len(wires) else None
    return None if found is None or found.all() else found


def _dense_addresses(graph: Graph, name: str) -> int:
    """C_in H_i W_i + C_out H_o W_o + C_out K_h K_w (Lemaire et al. 2022, the artificial network); no K of a product."""
    if isinstance(product := graph.nodes[name], Product):
        return sum(product.sizes) + product.size
    node, _ = twin_synapse(graph, name)
    if node.identity:
        return 0
    return dense_inputs(graph, name) + node.size + int(node.weight.size) // int(node.weight.shape[1])


def twin_synapse(graph: Graph, name: str) -> tuple[Synapse, tuple[int, ...]]:
    """Synapse node `name` as it was before a pool was folded into it (its weights are then all 1), and its input."""
    node, shape = synapse(graph, name), input_shape(graph, name)
    if isinstance(node, Linear) and node.unfolded_inputs is not None:
        inputs = node.unfolded_inputs
        return dataclasses.replace(node, weight=np.ones((len(node.weight), inputs))), (inputs,)
    if isinstance(node, Conv2d) and node.unfolded is not None:
        window, weight = node.unfolded, np.ones((*node.weight.shape[:2], *node.unfolded.kernel))
        before = dataclasses.replace(
            node,
            shape=(node.shape[0], *window.out),
            weight=weight,
            stride=window.stride,
            padding=window.padding,
            dilation=window.dilation,
        )
        return before, (shape[0], *window.size)
    return node, shape


def node_macs(graph: Graph, name: str) -> int:
    """Multiply-accumulates of synapse node or product `name` in one step on analogue values."""
    if isinstance(product := graph.nodes[name], Product):
        return product.macs
    return effective_taps(synapse(graph, name), input_shape(graph, name), connected(graph, name))


def _biases(graph: Graph, name: str) -> int:
    """Non-zero biases that synapse node `name` adds in a step."""
    node = synapse(graph, name)
    return 0 if node.bias is None else int(np.count_nonzero(node.bias)) * (node.size // node.shape[0])


def _weight_bits(graph: Graph, node: Synapse) -> int:
    """Memory of weights and biases: floats as they are stored; integers in the fewest bits that hold them, biases 8."""
    biases = 0 if node.bias is None else node.bias.size
    if graph.is_integer:
        return node.weight.size * bits_needed(node.weight) + 8 * biases
    return 8 * node.weight.itemsize * (node.weight.size + biases)


def _neuron_biases(nodes: tuple[Neuron, ...]) -> int:
    """Non-zero biases of a step that are in the neurons of a unit once it is quantised."""
    neuron = nodes[0] if nodes else None
    if not isinstance(neuron, LoihiLIF):
        return 0
    return int(np.count_nonzero(np.broadcast_to(neuron.bias_mant, neuron.shape)))


def _pool_taps(graph: Graph, name: str) -> int:
    node = graph.nodes[name]
    assert isinstance(node, Pool)
    return int(fanout([node], input_shape(graph, name)).sum())


def _totals(levels: Counts) -> tuple[int, ...]:
    return tuple(total(level) for level in levels)


def _host_operations(graph: Graph, name: str) -> int:
    node = graph.nodes[name]
    return node.operations(input_shape(graph, name)) if isinstance(node, HostNode) else 0
