"""Pass: linear pools behind convolutions into their weights, because hardware adds sums up in neurons alone.

A convolution W with stride c, dilation d and padding p, then pooling with window k and stride s, is one convolution:
    W'[x] = sum of W[a] / k over all taps a and offsets i < k with d*a + c*i = x,   stride c*s,   padding p
per axis; a sum pool does not divide, and its bias is k times that of W. A normalisation behind the pool, which is a
depthwise convolution of one tap by then, follows it into the weights. Exact up to rounding. A pool with padding stays,
since what it averages there has no bias; so does one whose other inputs are no convolutions, for those alone.
`Conv2d.unfolded` keeps the window over the input from before, which is what its ANN twin computes.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from snnhw.graph.ir import Array, Conv2d, Edge, Graph, Node, Pool
from snnhw.graph.names import free_name


def conv_into_pool(graph: Graph) -> Graph:
    """Graph in which no convolution leads into a pool without padding.

    Raises:
        InputError: the graph has a cycle.
    """
    for name in graph.order(loops=True):
        node = graph.nodes.get(name)  # a tap is gone
        if isinstance(node, Pool) and node.padding == (0, 0):
            graph = _behind_convolutions(graph, node)
    return graph


def _behind_convolutions(graph: Graph, pool: Pool) -> Graph:
    """`graph` whose pool has become part of every convolution in front of it, and is gone if nothing else is."""
    made: dict[str, Node] = {}
    renamed: dict[str, str] = {}
    for edge in graph.into(pool.name):
        conv = graph.nodes[edge.source]
        if isinstance(conv, Conv2d) and conv.name not in renamed:
            alone = all(e.target == pool.name for e in graph.out_of(conv.name))
            name = conv.name if alone else free_name(f"{conv.name}_of_{pool.name}", graph.nodes)
            size = graph.nodes[graph.into(conv.name)[0].source].shape
            made[name] = dataclasses.replace(_pooled(conv, pool, (size[1], size[2])), name=name)
            renamed[conv.name] = name
    if not made:
        return graph
    behind = graph.out_of(pool.name)
    edges: list[Edge] = []
    for edge in graph.edges:
        if edge.target == pool.name and edge.source in renamed:
            through = [dataclasses.replace(e, source=renamed[edge.source], gain=edge.gain * e.gain) for e in behind]
            edges += through
        else:
            edges.append(edge)
        if edge.target in renamed and renamed[edge.target] != edge.target:
            edges.append(dataclasses.replace(edge, target=renamed[edge.target]))
    kept = any(e.target == pool.name for e in edges)
    nodes: list[Node] = []
    for node in graph.nodes.values():
        if node.name != pool.name or kept:
            nodes.append(made.get(node.name, node))
        if renamed.get(node.name, node.name) != node.name:
            nodes.append(made[renamed[node.name]])
    edges = [e for e in edges if kept or e.source != pool.name]
    graph = graph.replace(nodes=nodes, edges=tuple(edges))
    for name in made:
        graph = _with_tap(graph, name)
    return graph


def _pooled(conv: Conv2d, pool: Pool, size: tuple[int, int]) -> Conv2d:
    """`conv`, over an input of `size`, and the pool in one."""
    taps, (down, across) = conv.weight.shape[2:], conv.stride
    spread = tuple(
        d * (k - 1) + s * (q - 1) + 1 for d, k, s, q in zip(conv.dilation, taps, conv.stride, pool.kernel, strict=True)
    )
    weight: Array = np.zeros((*conv.weight.shape[:2], *spread))
    (dy, dx), share = conv.dilation, pool.kernel[0] * pool.kernel[1] if pool.kind == "avg" else 1
    for y in range(pool.kernel[0]):
        for x in range(pool.kernel[1]):
            top, left = down * y, across * x
            rows = slice(top, top + dy * (taps[0] - 1) + 1, dy)
            columns = slice(left, left + dx * (taps[1] - 1) + 1, dx)
            weight[:, :, rows, columns] += conv.weight.astype(np.float64) / share
    times = pool.kernel[0] * pool.kernel[1] / share
    return dataclasses.replace(
        conv,
        shape=pool.shape,
        weight=weight,
        bias=None if conv.bias is None else conv.bias.astype(np.float64) * times,
        stride=(down * pool.stride[0], across * pool.stride[1]),
        dilation=(1, 1),
        unfolded=conv.unfolded or conv.window(size),
    )


def _with_tap(graph: Graph, name: str) -> Graph:
    """`graph` whose pooled convolution has taken the depthwise tap behind it, if that is all that takes it."""
    conv, behind = graph.nodes[name], graph.out_of(name)
    tap = graph.nodes[behind[0].target] if len(behind) == 1 else None
    if not (isinstance(conv, Conv2d) and isinstance(tap, Conv2d) and len(graph.into(tap.name)) == 1):
        return graph
    plain = tap.stride == (1, 1) and tap.padding == (0, 0) and tap.groups == tap.shape[0]
    if not plain or tap.weight.shape != (conv.shape[0], 1, 1, 1):
        return graph
    factor = tap.weight.astype(np.float64).ravel() * behind[0].gain
    bias = np.zeros(len(factor)) if tap.bias is None else tap.bias.astype(np.float64)
    if conv.bias is not None:
        bias = bias + factor * conv.bias
    one = dataclasses.replace(
        conv,
        weight=conv.weight * factor[:, None, None, None],
        bias=None if conv.bias is None and tap.bias is None else bias,
    )
    edges = [
        dataclasses.replace(e, source=name) if e.source == tap.name else e for e in graph.edges if e.target != tap.name
    ]
    nodes = [one if n.name == name else n for n in graph.nodes.values() if n.name != tap.name]
    return graph.replace(nodes=nodes, edges=tuple(edges))
