"""Pass: pools in front of convolutions into their weights, because hardware has no pools.

Pooling with window k and stride s, then a convolution W with stride c, dilation d and padding p, is one convolution:
    W'[x] = sum of W[a] / k over all taps a and offsets i < k with s*d*a + i = x,   stride s*c,   padding p_pool + s*p
per axis; a sum pool does not divide.
Exact up to rounding where windows of the padding see padding alone; a pool that does not fold is left as it is.
`Conv2d.unfolded` keeps the window over the input from before, which is what its ANN twin computes.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from snnhw.graph.ir import Array, Conv2d, Edge, Graph, Node, Pool, Window


def pool_into_conv(graph: Graph) -> Graph:
    """Graph without the pools that feed nothing but convolutions which take nothing else."""
    for name in reversed(graph.order(loops=True)):
        pool = graph.nodes[name]
        if not isinstance(pool, Pool) or not graph.into(name):
            continue
        arriving = graph.nodes[graph.into(name)[0].source].shape
        folded = [_folded(graph, graph.nodes[e.target], pool, arriving) for e in graph.out_of(name)]
        if folded and all(folded):
            graph = _replaced(graph, name, {conv.name: conv for conv in folded if conv})
    return graph


def _folded(graph: Graph, target: Node, pool: Pool, arriving: tuple[int, ...]) -> Conv2d | None:
    if not isinstance(target, Conv2d) or len(graph.into(target.name)) != 1:
        return None
    axes = tuple(_axis(target, pool, arriving, axis) for axis in (0, 1))
    if not all(axes):
        return None
    return dataclasses.replace(
        target,
        weight=_spread(target, pool),
        stride=(pool.stride[0] * target.stride[0], pool.stride[1] * target.stride[1]),
        padding=(
            pool.padding[0] + pool.stride[0] * target.padding[0],
            pool.padding[1] + pool.stride[1] * target.padding[1],
        ),
        dilation=(1, 1),
        unfolded=target.unfolded or target.window((pool.shape[1], pool.shape[2])),  # of the pool next to it
    )


def _axis(conv: Conv2d, pool: Pool, arriving: tuple[int, ...], axis: int) -> bool:
    """Whether the one convolution sees along an axis what both see together."""
    length, pooled, out = (shape[1 + axis] for shape in (arriving, pool.shape, conv.shape))
    k, s, q = pool.kernel[axis], pool.stride[axis], pool.padding[axis]
    p = conv.padding[axis]
    size = s * conv.dilation[axis] * (conv.weight.shape[2 + axis] - 1) + k
    only_padding = p == 0 or (k <= s + q and pooled * s - q >= length)
    one = Window((length, 1), (size, 1), (s * conv.stride[axis], 1), (q + s * p, 0))
    return only_padding and one.out[0] == out


def _spread(conv: Conv2d, pool: Pool) -> Array:
    """W' [O, I, K'_y, K'_x] in float64."""
    weight = conv.weight.astype(np.float64)
    if pool.kind == "avg":
        weight = weight / (pool.kernel[0] * pool.kernel[1])
    (ky, kx), taps = pool.kernel, weight.shape[2:]
    step = tuple(s * d for s, d in zip(pool.stride, conv.dilation, strict=True))
    spread = np.zeros((*weight.shape[:2], step[0] * (taps[0] - 1) + ky, step[1] * (taps[1] - 1) + kx))
    for a in range(taps[0]):
        for b in range(taps[1]):
            y, x = step[0] * a, step[1] * b
            spread[:, :, y : y + ky, x : x + kx] += weight[:, :, a, b][..., None, None]
    return spread


def _replaced(graph: Graph, pool: str, convs: dict[str, Conv2d]) -> Graph:
    edges: list[Edge] = []
    behind = graph.out_of(pool)
    for edge in graph.edges:
        if edge.target == pool:
            edges.extend(dataclasses.replace(edge, target=e.target, gain=edge.gain * e.gain) for e in behind)
        elif edge.source != pool:
            edges.append(edge)
    nodes = [convs.get(n.name, n) for n in graph.nodes.values() if n.name != pool]
    return graph.replace(nodes=nodes, edges=tuple(edges))
