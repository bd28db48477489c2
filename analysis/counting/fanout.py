"""Exact fan-out: how many non-zero synapses one spike at each position meets.

A transposed convolution of ones gives it for all positions at once, borders, strides, dilation and groups included.
Pools and flattens in front of the synapse fold into its weights, so a spike that enters an average pool before the
read-out costs one synaptic operation per class, not one per pool.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.grad import conv2d_input

from snnhw.errors import InputError
from snnhw.graph.ir import Conv2d, Flatten, Linear, Node, Pool, Scale, Window, Wires
from snnhw.simulation.synapses import apply_node

Counts = npt.NDArray[np.int64]
AnyNode = TypeVar("AnyNode", bound=Node)
CHUNK = 1024  # positions tried at once where windows overlap


def fanout(
    nodes: Sequence[Node], shape: tuple[int, ...], among: npt.NDArray[np.bool_] | None = None, *, zeros: bool = False
) -> Counts:
    """Targets that one spike reaches, for each position of a source.

    Args:
        nodes: what the spike passes: pools and flattens, then at most one Conv2d or Linear. Empty: identity, 1 each.
        shape: of the source, `[C, H, W]` or `[N]`.
        among: of the last node's shape; only these targets count. None: all.
        zeros: count synapses whose weight is exactly zero, as a memory that stores them spends an event on each.

    Returns:
        int64 of `shape`. Synapses whose weight is exactly zero are not there and not counted, unless `zeros`.

    Raises:
        InputError: the nodes do not fit the shape, or the last node is no synapse.
    """
    shapes = _shapes(nodes, shape)
    if zeros:
        nodes = [with_every_synapse(node) for node in nodes]
    if any(isinstance(n, Pool) and (n.kernel[0] > n.stride[0] or n.kernel[1] > n.stride[1]) for n in nodes):
        return _by_trial(nodes, shape, among)
    reached = torch.ones(shapes[-1], dtype=torch.float64)
    if among is not None:
        reached = torch.as_tensor(among, dtype=torch.float64).reshape(shapes[-1])
    for node, before in zip(reversed(nodes), reversed(shapes[:-1]), strict=True):
        reached = _pull_back(node, reached, before)
    return reached.round().to(torch.int64).numpy()


def arrivals(nodes: Sequence[Node], spikes: Counts) -> Counts:
    """Synaptic operations that the spikes of a source make at each target: the other side of `fanout`.

    Args:
        nodes: what the spikes pass, as for `fanout`, without pools.
        spikes: how often each position of the source fired.

    Returns:
        int64 of the last node's shape.

    Raises:
        InputError: the nodes do not fit the shape of the spikes.
    """
    _shapes(nodes, spikes.shape)
    value = torch.from_numpy(np.ascontiguousarray(spikes)).to(torch.float64)[None]
    for node in nodes:
        value = _push(node, value)
    return value[0].round().to(torch.int64).numpy()


Connected = npt.NDArray[np.bool_] | None  # positions of an input at which something can arrive; None: all


def dense_taps(node: Conv2d | Linear, shape: tuple[int, ...], connected: Connected = None) -> int:
    """Multiply-accumulates of one dense pass over an input of `shape`: every weight, in-bounds taps only."""
    return effective_taps(with_every_synapse(node), shape, connected)


def effective_taps(node: Conv2d | Linear, shape: tuple[int, ...], connected: Connected = None) -> int:
    """As `dense_taps`, without the weights that are exactly zero."""
    taps = _pull_back(node, torch.ones(node.shape, dtype=torch.float64), shape)
    return int((taps if connected is None else taps[torch.from_numpy(connected)]).sum().round())


def with_every_synapse(node: AnyNode) -> AnyNode:
    """The node with weight 1 on all its synapses, so that none is zero."""
    if not isinstance(node, Conv2d | Linear):
        return node
    return dataclasses.replace(node, weight=np.ones_like(node.weight), bias=None)


def _mask(node: Conv2d | Linear) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(node.weight != 0)).to(torch.float64)


def _scale_mask(node: Scale) -> Tensor:
    return torch.as_tensor(np.asarray(node.scale) != 0).to(torch.float64)


def _pull_back(node: Node, reached: Tensor, before: tuple[int, ...]) -> Tensor:
    """Targets reached from each input position of `node`, given those reached from each of its outputs."""
    if isinstance(node, Conv2d):
        return _transposed(reached, _mask(node), before, node.window((before[1], before[2])), node.groups)
    if isinstance(node, Linear):
        return (reached @ _mask(node)).reshape(before)
    if isinstance(node, Pool):
        ones = torch.ones(before[0], 1, *node.kernel, dtype=torch.float64)
        return _transposed(reached, ones, before, node.window((before[1], before[2])), before[0])
    if isinstance(node, Scale):
        return reached * _scale_mask(node)
    if isinstance(node, Wires):
        ends = torch.from_numpy(node.connected).flatten()
        onto = torch.zeros(int(np.prod(before, dtype=np.int64)), dtype=torch.float64)
        onto.index_add_(0, torch.as_tensor(node.source).flatten()[ends], reached.flatten()[ends])
        return onto.reshape(before)
    return reached.reshape(before)


def _transposed(reached: Tensor, weight: Tensor, shape: tuple[int, ...], window: Window, groups: int) -> Tensor:
    """Transposed convolution of `reached` [O, Ho, Wo] onto `shape` [I, H, W]."""
    how = (window.stride, window.padding, window.dilation, groups)
    onto: Tensor = conv2d_input((1, *shape), weight, reached[None], *how)  # type: ignore[no-untyped-call]
    return onto[0]


def _by_trial(nodes: Sequence[Node], shape: tuple[int, ...], among: npt.NDArray[np.bool_] | None) -> Counts:
    """Send one spike from every position: where pool windows overlap, the targets of two windows must be united."""
    size = int(np.prod(shape, dtype=np.int64))
    found = np.empty(size, dtype=np.int64)
    for start in range(0, size, CHUNK):
        stop = min(start + CHUNK, size)
        spike = torch.zeros(stop - start, size, dtype=torch.float64)
        spike[torch.arange(stop - start), torch.arange(start, stop)] = 1
        value = spike.reshape(-1, *shape)
        for node in nodes:
            value = _push(node, value)
        if among is not None:
            value = value * torch.as_tensor(among)
        found[start:stop] = (value > 0).flatten(1).sum(dim=1).numpy()
    return found.reshape(shape)


def _push(node: Node, value: Tensor) -> Tensor:
    if isinstance(node, Conv2d):
        return F.conv2d(value, _mask(node), None, node.stride, node.padding, node.dilation, node.groups)
    if isinstance(node, Linear):
        return value.flatten(1) @ _mask(node).T
    if isinstance(node, Pool):
        channels = value.shape[1]
        window = torch.ones(channels, 1, *node.kernel, dtype=torch.float64)
        return F.conv2d(value, window, None, node.stride, node.padding, groups=channels)
    if isinstance(node, Scale):
        return value * _scale_mask(node)
    if isinstance(node, Wires):
        return apply_node(node, value[None])[0]
    return value.flatten(1)


def _shapes(nodes: Sequence[Node], shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Shapes before the first node, between the nodes, after the last."""
    shapes = [shape]
    for node in nodes:
        if not isinstance(node, Conv2d | Linear | Pool | Flatten | Scale | Wires):
            raise InputError(
                f"Node {node.name!r} ({type(node).__name__}) has no fan-out; end the path at a convolution or a matrix."
            )
        before = shapes[-1]
        if isinstance(node, Conv2d | Linear):
            needs = node.weight.shape[1] * (node.groups if isinstance(node, Conv2d) else 1)
            has = before[0] if isinstance(node, Conv2d) else int(np.prod(before, dtype=np.int64))
            if needs != has:
                raise InputError(f"{node.name!r} takes {needs} inputs but shape {before} has {has}; mend the graph.")
        shapes.append(node.shape)
    return shapes
