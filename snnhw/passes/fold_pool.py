"""Pass: pooling and flattening in front of a Linear into its weights, so that spikes reach it directly.

Precondition: every path Pool -> (Flatten) -> Linear is a chain. Postcondition: no such Pool or Flatten is left before a
Linear; the Linear takes the flattened (C, H, W) stream. Exact up to rounding: pooling is linear, W' = W P, where the
rows of P are computed by the transposed pooling of the rows of W. `Linear.unfolded_inputs` keeps how many inputs it had
behind its pool, which is what its ANN twin computes.
"""

from __future__ import annotations

import dataclasses

import torch
import torch.nn.functional as F

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
    """Weights [O, C*H*W] that act on the unpooled stream as weight [O, C*h*w] acts on the pooled one."""
    rows = torch.as_tensor(weight, dtype=torch.float64).reshape(-1, *pool.shape)  # [O, C, h, w]
    channels, height, width = arriving
    window = torch.ones(channels, 1, *pool.kernel, dtype=torch.float64)
    if pool.kind == "avg":
        window /= pool.kernel[0] * pool.kernel[1]
    spread = F.conv_transpose2d(rows, window, stride=pool.stride, groups=channels)
    # what falls on the padding is cut off, what no window reaches stays 0
    spread = F.pad(spread, (0, max(0, width + pool.padding[1] - spread.shape[3]), 0, height))
    top, left = pool.padding
    folded: Array = spread[:, :, top : top + height, left : left + width].flatten(1).numpy()
    return folded
