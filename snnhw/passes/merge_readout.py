"""Pass: matrices on matrices into one, because synapses of hardware take spikes, and its read-out one layer.

A matrix that feeds nothing but another matrix goes into it: W = W_2 W_1, b = W_2 b_1 + b_2. Two that end in the
read-out, or in a matrix before it, merge where they take the same inputs and feed nothing else: W = g_1 W_1 + g_2 W_2,
b likewise, g the gains of their edges. Exact up to rounding. What cannot be merged is left as it is.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from snnhw.graph.ir import Array, Edge, Graph, Linear, Readout


def merge_readout(graph: Graph) -> Graph:
    """Graph without chains of matrices, whose read-out follows one matrix where that is possible."""
    while True:
        merged = _step(graph)
        if merged is None:
            return graph
        graph = merged


def _step(graph: Graph) -> Graph | None:
    """`graph` with one matrix less, or with a gain in the weights, None where there is nothing to do."""
    for outer in graph.of_type(Linear):
        inner = [graph.nodes[edge.source] for edge in graph.into(outer.name)]
        if len(inner) == 1 and isinstance(inner[0], Linear) and _ends_in(graph, inner[0], outer.name):
            return _chained(graph, inner[0], outer)
    targets = [readout.name for readout in graph.of_type(Readout)]
    while targets:
        target = targets.pop()
        heads = [(e, n) for e in graph.into(target) if isinstance(n := graph.nodes[e.source], Linear)]
        heads = [(edge, head) for edge, head in heads if _ends_in(graph, head, target)]
        for edge, head in heads:
            if edge.gain != 1:
                return _without(graph, [edge], [], [_scaled(head, edge.gain)], dataclasses.replace(edge, gain=1))
        for i, (_, first) in enumerate(heads):
            for edge, second in heads[i + 1 :]:
                if _inputs(graph, first) == _inputs(graph, second) and first.unfolded_inputs == second.unfolded_inputs:
                    weight = first.weight.astype(np.float64) + second.weight.astype(np.float64)
                    total = dataclasses.replace(first, weight=weight, bias=_sum(first.bias, second.bias))
                    return _without(graph, [edge, *graph.into(second.name)], [second.name], [total])
        targets += [head.name for _, head in heads]
    return None


def _ends_in(graph: Graph, matrix: Linear, target: str) -> bool:
    """Whether `matrix` takes something, and nothing but `target` takes it."""
    return bool(graph.into(matrix.name)) and [e.target for e in graph.out_of(matrix.name)] == [target]


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
