"""Pass: pooling and flattening in front of a Linear into its weights, so that spikes reach it directly.

Precondition: every path Pool -> (Flatten) -> Linear is a chain. Postcondition: no such Pool or Flatten is left before a
Linear; the Linear takes the flattened (C, H, W) stream. Exact up to rounding: pooling is linear, W' = W P, where the
rows of P are computed by the transposed pooling of the rows of W. `Linear.unfolded_inputs` keeps how many inputs it had
behind its pool, which is what its ANN twin computes.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from snnhw.errors import InputError
from snnhw.graph.ir import Array, Flatten, Graph, Linear, Node, Pool


def fold_pool(graph: Graph) -> Graph:
    """Graph whose Linear nodes take unpooled spikes.

    Raises:
        InputError: a pool before a Linear also feeds another node.
    """
    for linear in graph.of_type(Linear):
        into = graph.into(linear.name)
        while len(into) == 1 and isinstance(graph.nodes[into[0].source], Pool | Flatten):
            graph = _absorb(graph, linear.name, into[0].source)
            into = graph.into(linear.name)
    return graph


def _absorb(graph: Graph, linear: str, before: str) -> Graph:
    if len(graph.out_of(before)) != 1:
        raise InputError(f"Node {before!r} feeds {linear!r} and other nodes; give each its own pool to fold it.")
    node, target = graph.nodes[before], graph.nodes[linear]
    nodes: dict[str, Node] = {n.name: n for n in graph.nodes.values() if n.name != before}
    if isinstance(node, Pool) and isinstance(target, Linear):
        arriving = graph.nodes[graph.into(before)[0].source].shape
        inputs = target.weight.shape[1] if target.unfolded_inputs is None else target.unfolded_inputs
        weight = _unpooled(target.weight, node, arriving)
        nodes[linear] = dataclasses.replace(target, weight=weight, unfolded_inputs=inputs)
    edges = tuple(
        dataclasses.replace(e, target=linear) if e.target == before else e for e in graph.edges if e.source != before
    )
    return graph.replace(nodes=nodes, edges=edges)


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
