"""Pass: pooling and flattening in front of a Linear into its weights, so that spikes reach it directly.

Postcondition: no Pool or Flatten is left that is all that a Linear takes; the Linear takes the flattened (C, H, W)
stream. Where one feeds several nodes, each Linear has it in its own weights, and it is left for the others. Exact up to
rounding: pooling is linear, W' = W P, where the rows of P are computed by the transposed pooling of the rows of W.
`Linear.unfolded_inputs` keeps how many inputs it had behind its pool, which is what its ANN twin computes.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from snnhw.graph.ir import Array, Edge, Flatten, Graph, Linear, Node, Pool


def fold_pool(graph: Graph) -> Graph:
    """Graph whose Linear nodes take unpooled spikes."""
    for linear in graph.of_type(Linear):
        into = graph.into(linear.name)
        while len(into) == 1 and isinstance(graph.nodes[into[0].source], Pool | Flatten):
            graph = _absorb(graph, linear.name, into[0].source)
            into = graph.into(linear.name)
    return graph


def _absorb(graph: Graph, linear: str, before: str) -> Graph:
    node, target = graph.nodes[before], graph.nodes[linear]
    nodes: dict[str, Node] = dict(graph.nodes)
    arriving = graph.into(before)
    if isinstance(node, Pool) and isinstance(target, Linear):
        inputs = target.weight.shape[1] if target.unfolded_inputs is None else target.unfolded_inputs
        weight = _unpooled(target.weight, node, graph.nodes[arriving[0].source].shape)
        nodes[linear] = dataclasses.replace(target, weight=weight, unfolded_inputs=inputs)
    (taken,) = graph.into(linear)
    alone = len(graph.out_of(before)) == 1
    if alone:
        del nodes[before]
    edges: list[Edge] = []
    for edge in graph.edges:
        if edge.target == before:
            edges.append(dataclasses.replace(edge, target=linear, gain=edge.gain * taken.gain))
        if edge is not taken and not (alone and edge.target == before):
            edges.append(edge)
    return graph.replace(nodes=nodes, edges=tuple(edges))


def _unpooled(weight: Array, pool: Pool, arriving: tuple[int, ...]) -> Array:
    """Weights [O, C*H*W] that act on the unpooled stream as weight [O, C*h*w] acts on the pooled one, float64."""
    rows = weight.astype(np.float64).reshape(-1, *pool.shape)  # [O, C, h, w]
    (tall, wide), (down, across), (top, left) = pool.kernel, pool.stride, pool.padding
    channels, height, width = arriving
    share = rows * (1.0 / (tall * wide)) if pool.kind == "avg" else rows
    ends = (pool.shape[1] - 1) * down + 1, (pool.shape[2] - 1) * across + 1
    # as large as the padded input; what no window reaches stays 0
    size = max(ends[0] + tall - 1, top + height), max(ends[1] + wide - 1, left + width)
    spread = np.zeros((len(rows), channels, *size))
    for y in range(tall):
        for x in range(wide):
            spread[:, :, y : y + ends[0] : down, x : x + ends[1] : across] += share
    return spread[:, :, top : top + height, left : left + width].reshape(len(rows), -1)
