"""Pass: the gain of an edge between a synapse node and neurons into its weights and bias, which become integers.

Postcondition: a Conv2d or Linear that feeds the neurons of one unit, all with the same gain, feeds each by one edge of
gain 1; parallel edges add up before. Precondition for that: `own_synapses`. Exact up to rounding.
"""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np

from snnhw.graph.currents import unit_fed
from snnhw.graph.ir import SYNAPSES, Edge, Graph, Node


def fold_gains(graph: Graph) -> Graph:
    """Graph whose neurons take the sums of their synapse nodes as they are."""
    nodes: dict[str, Node] = dict(graph.nodes)
    edges = list(graph.edges)
    for node in graph.nodes.values():
        gains: Counter[str] = Counter()
        for edge in graph.out_of(node.name):
            gains[edge.target] += edge.gain
        one = set(gains.values())
        plain = one == {1} and len(graph.out_of(node.name)) == len(gains)
        if not isinstance(node, SYNAPSES) or plain or len(one) != 1:
            continue
        if all(unit_fed(graph.nodes[target]) for target in gains):
            (gain,) = one
            bias = None if node.bias is None else node.bias.astype(np.float64) * gain
            nodes[node.name] = dataclasses.replace(node, weight=node.weight.astype(np.float64) * gain, bias=bias)
            edges = _once(edges, node.name)
    return graph.replace(nodes=nodes, edges=tuple(edges))


def _once(edges: list[Edge], source: str) -> list[Edge]:
    """`edges` in their order, which float sums follow, with one of gain 1 from `source` to each of its targets."""
    kept: dict[tuple[str, str, int], Edge] = {}
    for i, edge in enumerate(edges):
        if edge.source == source:
            kept.setdefault((source, edge.target, 0), dataclasses.replace(edge, gain=1))
        else:
            kept[edge.source, edge.target, i + 1] = edge
    return list(kept.values())
