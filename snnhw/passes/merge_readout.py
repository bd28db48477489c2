"""Pass: several matrices that end in the read-out into one, because hardware has one read-out layer.

Two of them merge where they take the same inputs and feed nothing else: W = g_1 W_1 + g_2 W_2, b likewise, g the gains
of their edges into the read-out. A matrix that feeds nothing but another matrix goes into it: W = W_2 W_1,
b = W_2 b_1 + b_2. Exact up to rounding. What cannot be merged is left as it is.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from snnhw.graph.ir import Array, Edge, Graph, Linear, Readout


def merge_readout(graph: Graph) -> Graph:
    """Graph whose read-out follows one matrix, where its matrices can be one."""
    while True:
        merged = _step(graph)
        if merged is None:
            return graph
        graph = merged


def _step(graph: Graph) -> Graph | None:
    """`graph` with one matrix less, or with a gain in the weights, None where there is nothing to do."""
    ends = [(e, graph.nodes[e.source]) for readout in graph.of_type(Readout) for e in graph.into(readout.name)]
    heads = [(e, n) for e, n in ends if isinstance(n, Linear) and len(graph.out_of(n.name)) == 1 and graph.into(n.name)]
    for edge, head in heads:
        if edge.gain != 1:
            return _without(graph, [edge], [], [_scaled(head, edge.gain)], dataclasses.replace(edge, gain=1))
        inner = graph.nodes[graph.into(head.name)[0].source]
        chain = len(graph.into(head.name)) == 1 and len(graph.out_of(inner.name)) == 1
        if chain and isinstance(inner, Linear):
            return _chained(graph, inner, head)
    for i, (_, first) in enumerate(heads):
        for edge, second in heads[i + 1 :]:
            if _inputs(graph, first) == _inputs(graph, second) and first.unfolded_inputs == second.unfolded_inputs:
                weight = first.weight.astype(np.float64) + second.weight.astype(np.float64)
                total = dataclasses.replace(first, weight=weight, bias=_sum(first.bias, second.bias))
                return _without(graph, [edge, *graph.into(second.name)], [second.name], [total])
    return None


def _inputs(graph: Graph, node: Linear) -> list[tuple[str, int]]:
    return sorted((e.source, e.gain) for e in graph.into(node.name))


def _scaled(node: Linear, gain: int) -> Linear:
    bias = None if node.bias is None else node.bias.astype(np.float64) * gain
    return dataclasses.replace(node, weight=node.weight.astype(np.float64) * gain, bias=bias)


def _chained(graph: Graph, inner: Linear, outer: Linear) -> Graph:
    (between,) = graph.into(outer.name)
    matrix = outer.weight.astype(np.float64) * between.gain
    bias = None if inner.bias is None else matrix @ inner.bias.astype(np.float64)
    weight = matrix @ inner.weight.astype(np.float64)
    one = dataclasses.replace(outer, weight=weight, bias=_sum(bias, outer.bias), unfolded_inputs=inner.unfolded_inputs)
    moved = [dataclasses.replace(e, target=outer.name) for e in graph.into(inner.name)]
    return _without(graph, [between, *graph.into(inner.name)], [inner.name], [one], *moved)


def _sum(first: Array | None, second: Array | None) -> Array | None:
    if first is None or second is None:
        return second if first is None else first
    total: Array = first.astype(np.float64) + second.astype(np.float64)
    return total


def _without(graph: Graph, edges: list[Edge], names: list[str], changed: list[Linear], *added: Edge) -> Graph:
    """`graph` without these edges and nodes, with nodes changed and edges added."""
    new = {node.name: node for node in changed}
    nodes = [new.get(n.name, n) for n in graph.nodes.values() if n.name not in names]
    return graph.replace(nodes=nodes, edges=(*(e for e in graph.edges if e not in edges), *added))
