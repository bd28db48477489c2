"""Shapes along the edges of a graph: what a node sends for what arrives at it."""

from __future__ import annotations

import math

from snnhw.graph.nodes import Conv2d, Flatten, Linear, Node, Pool
from snnhw.graph.window import Window

Shape = tuple[int, ...]  # of one frame, without time and batch: (C, H, W) or (N,)


def sent_shape(node: Node, arriving: Shape) -> Shape | None:
    """Shape that `node` sends for the shape that arrives, None where it cannot take that."""
    if isinstance(node, Conv2d):
        fits = len(arriving) == 3 and node.weight.ndim == 4 and node.groups >= 1
        if not fits or arriving[0] != node.weight.shape[1] * node.groups or node.weight.shape[0] % node.groups:
            return None
        return _slid(node.weight.shape[0], node.window((arriving[1], arriving[2])))
    if isinstance(node, Pool):
        return _slid(arriving[0], node.window((arriving[1], arriving[2]))) if len(arriving) == 3 else None
    if isinstance(node, Linear):
        fits = node.weight.ndim == 2 and math.prod(arriving) == node.weight.shape[1]
        return (node.weight.shape[0],) if fits else None
    return (math.prod(arriving),) if isinstance(node, Flatten) else arriving


def _slid(channels: int, window: Window) -> Shape | None:
    if min(window.stride) < 1:
        return None
    return (channels, *window.out) if min(window.out) >= 1 else None
