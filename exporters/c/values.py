"""The C types of what a network computes with, from the least and the largest integer that can occur."""

from __future__ import annotations

from snnhw.exporters.c.arrays import smallest
from snnhw.graph.ir import Conv2d, Delay, Flatten, Graph, Input, Linear, LoihiLIF, Neuron, Pool
from snnhw.proofs.largest import largest_input

Range = tuple[int, int]  # least, largest


def value_type(graph: Graph) -> str:
    """The smallest C type that holds all that travels between layers, and what joins in front of one."""
    found = [_arriving(graph, n.name) for n in graph.of_type(Conv2d, Linear, Pool, Delay, Flatten)]
    found += [sent(graph, n.name) for n in graph.of_type(Input, LoihiLIF, Pool)]
    found += [(0, len(levels)) for levels in graph.units().values()]
    return smallest(min(low for low, _ in found), max(high for _, high in found))


def output_type(graph: Graph) -> str:
    """`int32_t`, or `int64_t` where the sum of all steps may leave it."""
    steps = graph.timesteps if graph.readout.reduction == "sum" else 1
    total = largest_input(graph, graph.readout.name) * steps
    return smallest(min(-total, -(2**16)), total)


def sent(graph: Graph, name: str) -> Range:
    """The least and the largest integer that a node sends which is no layer with weights."""
    node = graph.nodes[name]
    if isinstance(node, Input):
        low, high = node.integers
        return (low, high) if node.levels is None else (0, min(node.levels, high))
    if isinstance(node, Neuron):
        return 0, node.levels
    low, high = _arriving(graph, name)
    taps = node.kernel[0] * node.kernel[1] if isinstance(node, Pool) else 1
    return min(0, low * taps), max(0, high * taps)  # 0: of a border, or before a delay


def _arriving(graph: Graph, name: str) -> Range:
    """Of the sum of all edges into a node; every partial sum lies between the ends too, since both include 0."""
    low = high = 0
    for edge in graph.into(name):
        ends = [edge.gain * end for end in sent(graph, edge.source)]
        low, high = low + min(0, *ends), high + max(0, *ends)
    return low, high
