"""Pass: convolutions with one position into matrices, so that a network may end in one, or in one behind a pool.

A convolution that sends (O, 1, 1) to a flattening or to a matrix alone is a matrix on its whole input: W[o, c, y, x] is
the weight of the tap that lies on (y, x), 0 where none does. A convolution with a global average behind it has become
such a one before (`conv_into_pool`); the matrix that it leads to takes it in afterwards (`merge_readout`). Exact.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from snnhw.graph.ir import Array, Conv2d, Edge, Flatten, Graph, Linear, Node, Readout
from snnhw.graph.shapes import Shape


def conv_into_matrix(graph: Graph) -> Graph:
    """Graph whose convolutions of one position are matrices, where rows of values are taken from them."""
    for conv in graph.of_type(Conv2d):
        flat = _taken_in_a_row(graph, conv)
        if flat is not None:
            graph = _replaced(graph, conv, flat)
    return graph


def _taken_in_a_row(graph: Graph, conv: Conv2d) -> set[str] | None:
    """The flattenings that take `conv` alone; None where something needs its image, or where it has several positions.

    Its inputs have to be of one shape, which flattening alone does not change.
    """
    shapes = {graph.nodes[edge.source].shape for edge in graph.into(conv.name)}
    if conv.shape[1:] != (1, 1) or len(shapes) != 1 or not graph.out_of(conv.name):
        return None
    found: set[str] = set()
    for edge in graph.out_of(conv.name):
        target = graph.nodes[edge.target]
        if isinstance(target, Linear) and len(graph.into(target.name)) == 1:
            continue
        behind = [graph.nodes[e.target] for e in graph.out_of(target.name)]
        alone = len(graph.into(target.name)) == 1 and all(isinstance(n, Linear | Readout) for n in behind)
        if not isinstance(target, Flatten) or not alone:
            return None
        found.add(target.name)
    return found


def _replaced(graph: Graph, conv: Conv2d, flat: set[str]) -> Graph:
    taken = graph.nodes[graph.into(conv.name)[0].source].shape
    weight = _unrolled(conv, taken)
    matrix = Linear(name=conv.name, shape=conv.shape[:1], weight=weight, bias=conv.bias, identity=conv.identity)
    edges: list[Edge] = []
    for edge in graph.edges:
        if edge.source == conv.name and edge.target in flat:
            behind = graph.out_of(edge.target)
            edges += [dataclasses.replace(e, source=conv.name, gain=edge.gain * e.gain) for e in behind]
        elif edge.source not in flat:
            edges.append(edge)
    nodes: list[Node] = [matrix if n is conv else n for n in graph.nodes.values() if n.name not in flat]
    return graph.replace(nodes=nodes, edges=tuple(edges))


def _unrolled(conv: Conv2d, taken: Shape) -> Array:
    """W [O, C*H*W] on an input of shape `taken`."""
    _, height, width = taken
    outputs, per_group, rows, columns = conv.weight.shape
    weight = np.zeros((outputs, *taken))
    first = np.arange(outputs) // (outputs // conv.groups) * per_group  # channel that each output begins with
    for y in range(rows):
        for x in range(columns):
            top, left = y * conv.dilation[0] - conv.padding[0], x * conv.dilation[1] - conv.padding[1]
            if 0 <= top < height and 0 <= left < width:
                for c in range(per_group):
                    weight[np.arange(outputs), first + c, top, left] = conv.weight[:, c, y, x]
    return weight.reshape(outputs, -1)
