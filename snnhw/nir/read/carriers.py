"""Nodes of a file that stand for edges of the graph: those that the metadata names, where the file's arrays agree.

The writer puts in a multiplication for the gain of an edge, a sum before the output and a Flatten before a matrix. Such
a node goes only if it still computes that and nothing else; one that another tool has changed is a node of the network.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from snnhw.graph.ir import Array, Conv2d, Flatten, Linear, Node, Scale
from snnhw.graph.shapes import Shape
from snnhw.nir.read.fields import Context


def stands_for(node: Node | None, gain: int, arriving: Shape, targets: Sequence[Node | None]) -> bool:
    """Whether an edge of that gain computes what `node` does to what arrives, for all its targets."""
    if isinstance(node, Flatten):
        return gain == 1 and all(isinstance(target, Linear) for target in targets)  # a matrix takes values in a row
    if node is None or node.shape != arriving:
        return False
    if isinstance(node, Scale):
        return bool(np.all(node.scale == gain))
    if not isinstance(node, Conv2d | Linear) or (node.bias is not None and node.bias.any()):
        return False
    if isinstance(node, Linear):
        return _is_multiple_of_identity(node.weight, gain)
    one_to_one = node.weight.shape[2:] == (1, 1) and node.stride == (1, 1) and node.padding == (0, 0)
    return one_to_one and node.groups == 1 and _is_multiple_of_identity(node.weight[:, :, 0, 0], gain)


def say_changed(name: str, gain: int, context: Context) -> None:
    """A finding: the metadata takes the node for an edge, and the file does not."""
    meant = "an edge" if gain == 1 else f"an edge of gain {gain}"
    context.find(
        "metadata-contradicted",
        "warning",
        name,
        f"the metadata says that the node stands for {meant}, which is not what it computes; the node is taken",
        "export again if this is not what you want",
    )


def say_missing(name: str, context: Context) -> None:
    """A finding: the metadata takes a node for an edge that is not in the file."""
    context.find(
        "metadata-contradicted",
        "warning",
        "",
        f"the metadata says that the node {name!r} stands for an edge, and it is not in the file; the edges of the "
        "file are taken",
        "export again if this is not what you want",
    )


def _is_multiple_of_identity(weight: Array, gain: int) -> bool:
    return np.array_equal(weight, np.eye(len(weight), dtype=weight.dtype) * np.asarray(gain, weight.dtype))
