"""The nodes between neurons: synapses, pools, reshapes, delays and currents on [T, B, *shape] tensors.

Integer weights go through float32 products where a bound proves that every partial sum stays below 2^24, else float64;
off the CPU through products of matrices alone, so that the bound holds there too.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from snnhw.errors import InputError
from snnhw.graph.ir import (
    LI,
    Array,
    Conv2d,
    Delay,
    Flatten,
    Graph,
    GroupNorm,
    Linear,
    MaxPool,
    Node,
    Norm,
    Pool,
    Product,
    Readout,
    Scale,
    Wires,
)
from snnhw.graph.loihi import CURRENT_RANGE
from snnhw.proofs.largest import largest_output

FLOAT32_EXACT = 2**24
WINDOW_BYTES = 2**30  # of the windows of a convolution that lie in memory at once


def apply_node(node: Node, x: Tensor) -> Tensor:
    """Output [T, B, *node.shape] of a node that is no neuron, for the summed input x [T, B, *in_shape].

    Raises:
        InputError: the node is of a kind that this engine does not run.
    """
    run = APPLY.get(type(node))
    if run is None:
        raise InputError(f"Node {node.name!r} is a {type(node).__name__}, which the engine cannot run; replace it.")
    return run(node, x)


def _conv(node: Conv2d, x: Tensor) -> Tensor:
    if x.device.type != "cpu" and node.weight.dtype.kind == "i":
        return convolve_windows(node, x)
    weight, bias = _parameter(node.weight, x), None if node.bias is None else _parameter(node.bias, x)
    y = F.conv2d(x.flatten(0, 1), weight, bias, node.stride, node.padding, node.dilation, node.groups)
    return y.reshape(*x.shape[:2], *y.shape[1:])


def convolve_windows(node: Conv2d, x: Tensor) -> Tensor:
    """The convolution as one product of matrices, whose sums a bound proves to be exact.

    The libraries of a GPU may choose Winograd's algorithm or a Fourier transform, which compute with other numbers.
    """
    weight, bias = _parameter(node.weight, x), None if node.bias is None else _parameter(node.bias, x)
    rows, frames = weight.reshape(node.groups, len(weight) // node.groups, -1), x.flatten(0, 1)
    of_one = weight[0].numel() * node.groups * math.prod(node.shape[1:]) * x.element_size()
    parts = []
    for some in torch.split(frames, max(1, WINDOW_BYTES // of_one)):
        windows = F.unfold(some, node.weight.shape[2:], node.dilation, node.padding, node.stride)
        windows = windows.reshape(len(some), node.groups, rows.shape[2], -1)
        parts.append((rows @ windows).reshape(len(some), *node.shape))
    y = torch.cat(parts).reshape(*x.shape[:2], *node.shape)
    return y if bias is None else y + bias.reshape(-1, 1, 1)


def _linear(node: Linear, x: Tensor) -> Tensor:
    flat = x.flatten(2) if x.dim() > 3 else x
    return F.linear(flat, _parameter(node.weight, x), None if node.bias is None else _parameter(node.bias, x))


def _norm(node: Norm, x: Tensor) -> Tensor:
    column = (-1,) + (1,) * (x.dim() - 3)
    gamma, beta, mean, var = (_parameter(p, x).reshape(column) for p in (node.gamma, node.beta, node.mean, node.var))
    spread = (var + node.eps).sqrt() if node.eps_inside_root else var.sqrt() + node.eps
    return gamma * (node.factor * (x - mean) / spread) + beta


def _pool(node: Pool, x: Tensor) -> Tensor:
    divisor = 1 if node.kind == "sum" else None  # a mean times its count is no whole number for 5x5 or 7x7 spikes
    y = F.avg_pool2d(x.flatten(0, 1), node.kernel, node.stride, node.padding, divisor_override=divisor)
    return y.reshape(*x.shape[:2], *y.shape[1:])


def _max_pool(node: MaxPool, x: Tensor) -> Tensor:
    y = F.max_pool2d(x.flatten(0, 1), node.kernel, node.stride, node.padding, node.dilation)
    return y.reshape(*x.shape[:2], *y.shape[1:])


def _group_norm(node: GroupNorm, x: Tensor) -> Tensor:
    grouped = x.reshape(*x.shape[:2], node.groups, -1)
    y = F.layer_norm(grouped, grouped.shape[3:], eps=node.eps).reshape(x.shape)
    return _parameter(node.gamma, x) * y + _parameter(node.beta, x)


def _flatten(node: Flatten, x: Tensor) -> Tensor:
    return x.flatten(2)


def _scale(node: Scale, x: Tensor) -> Tensor:
    return x * _number(node.scale, x)


def _wires(node: Wires, x: Tensor) -> Tensor:
    flat = x.flatten(2)
    with_zero = torch.cat([flat, flat.new_zeros((*flat.shape[:2], 1))], dim=2)
    source = torch.as_tensor(np.where(node.connected, node.source, flat.shape[2])).flatten().to(x.device)
    return with_zero.index_select(2, source).reshape(*x.shape[:2], *node.shape)


def _product(node: Product, x: Tensor) -> Tensor:
    left, right = factors_of(node, x)
    return left @ right


def factors_of(node: Product, x: Tensor) -> tuple[Tensor, Tensor]:
    """[T, B, groups, rows, inner] and [T, B, groups, inner, columns] of what arrives, [T, B, both]."""
    left, right = x[:, :, : node.sizes[0]], x[:, :, node.sizes[0] :]
    return left.reshape(*x.shape[:2], *node.left), right.reshape(*x.shape[:2], *node.right)


def _delay(node: Delay, x: Tensor) -> Tensor:
    """y[t] = x[t - steps], zeros before; `steps` may differ from neuron to neuron."""
    y = torch.zeros_like(x)
    steps = torch.as_tensor(node.steps, device=x.device)
    for late in np.unique(node.steps).tolist():
        moved = torch.zeros_like(x)
        moved[late:] = x[: max(0, len(x) - late)]
        y = torch.where(steps == late, moved, y)
    return y


def _integrate(node: LI, x: Tensor) -> Tensor:
    """v[t] = decay*v[t-1] + gain*x[t] + leak."""
    v, rows = before_first_step(node, x[0]), []
    for frame in x:
        v = leaky_step(node, v, frame)
        rows.append(v)
    return torch.stack(rows)


def before_first_step(node: LI, like: Tensor) -> Tensor:
    """v [B, *shape] of an integrator before its first step."""
    return torch.zeros_like(like) + _number(node.start, like)


def leaky_step(node: LI, v: Tensor, x: Tensor) -> Tensor:
    """One step [B, *shape] of an integrator: decay*v + gain*x + leak."""
    decay, gain, leak = (_number(p, x) for p in (node.decay, node.gain, node.leak))
    return decay * v + gain * x + leak


APPLY: dict[type[Node], Callable[..., Tensor]] = {
    Conv2d: _conv,
    Linear: _linear,
    Norm: _norm,
    Pool: _pool,
    MaxPool: _max_pool,
    GroupNorm: _group_norm,
    Flatten: _flatten,
    Scale: _scale,
    Wires: _wires,
    Product: _product,
    Delay: _delay,
    LI: _integrate,
}
TEMPORAL = (Delay, LI)  # look at more than one step: a static input has to be repeated for them


def product_dtype(graph: Graph, name: str) -> torch.dtype:
    """float32 where it is exact for the integer synapse `name`, else float64."""
    return torch.float32 if largest_output(graph, name) < FLOAT32_EXACT else torch.float64


def wraps(graph: Graph, name: str) -> bool:
    """True where node `name` is an integer convolution whose sums may leave 24 bits; Lava's Conv wraps them."""
    node = graph.nodes[name]
    return graph.is_integer and isinstance(node, Conv2d) and largest_output(graph, name) >= CURRENT_RANGE // 2


def wrap_sum(x: Tensor) -> Tensor:
    """x wrapped to signed 24 bits, -2^23 .. 2^23-1, as Lava's fixed-point Conv sends it."""
    half = CURRENT_RANGE // 2
    return torch.remainder(x + half, CURRENT_RANGE) - half


def logits_of(node: Readout, x: Tensor, timesteps: int) -> Tensor:
    """[B, classes] from x [T, B, classes]."""
    if node.reduction == "last":
        return x[-1]
    if node.reduction == "max":
        return x.amax(dim=0)
    total = x.sum(dim=0)
    return total / timesteps if node.reduction == "mean" else total


def _number(parameter: float | Array, like: Tensor) -> float | Tensor:
    return parameter if isinstance(parameter, float | int) else _parameter(parameter, like)


def _parameter(array: Array, like: Tensor) -> Tensor:
    return torch.as_tensor(array).to(dtype=like.dtype, device=like.device)
