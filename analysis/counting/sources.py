"""Which spikes reach a node without a synapse between, and what sends them.

Takes a folded graph. Pools, flattens, scales and wires are passed through: linear maps that fold into the synapses
behind them. What a node sends follows from the graph alone, never from values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from snnhw.graph.ir import (
    LIF,
    Delay,
    Flatten,
    Graph,
    Input,
    LoihiLIF,
    MaxPool,
    Neuron,
    Node,
    Pool,
    Product,
    Scale,
    Wires,
)

PASSES = (Pool, Flatten, Delay, Scale, Wires)  # linear, one by one or by windows: fold into the synapses behind them


def carries_spikes(graph: Graph, name: str) -> bool:
    """Whether all that node `name` sends are spikes, possibly pooled or weighted one by one."""
    node = graph.nodes[name]
    if isinstance(node, PASSES):
        return all(carries_spikes(graph, edge.source) for edge in graph.into(name))
    if isinstance(node, MaxPool | Product):
        return graph.signal(name).kind == "spikes"
    return isinstance(node, Neuron) or (isinstance(node, Input) and node.levels is not None)


def spike_paths(
    graph: Graph, name: str, gain: int, via: tuple[str, ...]
) -> Iterator[tuple[str, int, int, tuple[str, ...]]]:
    """(source unit, level, gain, linear nodes passed) of every path of spikes into `name`."""
    for edge in graph.into(name):
        node, total = graph.nodes[edge.source], gain * abs(edge.gain)  # a difference is as much work as a sum
        if isinstance(node, Delay):
            yield from spike_paths(graph, node.name, total, via)
        elif isinstance(node, PASSES):
            yield from spike_paths(graph, node.name, total, (node.name, *via))
        elif isinstance(node, Input) and node.levels is not None:
            yield from ((node.name, level, total, via) for level in range(1, node.levels + 1))
        elif isinstance(node, MaxPool | Product) and carries_spikes(graph, node.name):
            yield from ((node.name, level, total, via) for level in range(1, graph.signal(node.name).levels + 1))
        elif isinstance(node, Neuron):
            first = node.level if isinstance(node, LIF | LoihiLIF) else 1
            for level in range(first, first + node.levels):
                yield node.unit_name, level, total, via


def source_levels(graph: Graph, source: str) -> int:
    """K of a unit, or the largest integer of an input that sends events, of a max pool or a product of spikes."""
    node = graph.nodes.get(source)
    if isinstance(node, Input):
        return node.levels or 1
    if isinstance(node, MaxPool | Product):
        return graph.signal(source).levels
    return levels_of(graph.units()[source])


def populations(graph: Graph, source: str) -> tuple[str, ...]:
    """Units and inputs whose spikes the source of a branch sends: itself, or what a max pool takes."""
    if not isinstance(graph.nodes.get(source), MaxPool):
        return (source,)
    before = {found for name, *_ in spike_paths(graph, source, 1, ()) for found in populations(graph, name)}
    return tuple(sorted(before))


def levels_of(nodes: Sequence[Node]) -> int:
    """K of a unit given as one multi-level node or as its channels; 1 of a read-out, which has one accumulator."""
    return sum(node.levels if isinstance(node, Neuron) else 1 for node in nodes)


def membranes_of(nodes: Sequence[Node]) -> int:
    """Membranes of each neuron of a unit: K, or 1 where its levels share one; 1 of a read-out."""
    return sum(node.membranes if isinstance(node, Neuron) else 1 for node in nodes)


def source_shape(graph: Graph, source: str) -> tuple[int, ...]:
    """Shape of what a branch's source sends."""
    node = graph.nodes.get(source)
    return node.shape if isinstance(node, Input | MaxPool | Product) else graph.units()[source][0].shape
