"""What stands between neurons: synapses, pools and reshapes on [T, B, *shape] tensors, time folded into the batch.

Integer weights go through float32 products where a bound proves that every partial sum stays below 2^24, else float64.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from snnhw.errors import InputError
from snnhw.graph.ir import Array, Conv2d, Flatten, Graph, Input, Linear, Node, Norm, Pool, Readout

FLOAT32_EXACT = 2**24


def apply_node(node: Node, x: Tensor) -> Tensor:
    """Output [T, B, *node.shape] of a stateless node for the summed input x [T, B, *in_shape].

    Raises:
        InputError: the node is of a kind that this engine does not run.
    """
    run = APPLY.get(type(node))
    if run is None:
        raise InputError(f"Node {node.name!r} is a {type(node).__name__}, which the engine cannot run; replace it.")
    return run(node, x)


def _conv(node: Conv2d, x: Tensor) -> Tensor:
    weight, bias = _parameter(node.weight, x), None if node.bias is None else _parameter(node.bias, x)
    y = F.conv2d(x.flatten(0, 1), weight, bias, node.stride, node.padding, node.dilation, node.groups)
    return y.reshape(*x.shape[:2], *y.shape[1:])


def _linear(node: Linear, x: Tensor) -> Tensor:
    flat = x.flatten(2) if x.dim() > 3 else x
    return F.linear(flat, _parameter(node.weight, x), None if node.bias is None else _parameter(node.bias, x))


def _norm(node: Norm, x: Tensor) -> Tensor:
    column = (-1,) + (1,) * (x.dim() - 3)
    gamma, beta, mean, var = (_parameter(p, x).reshape(column) for p in (node.gamma, node.beta, node.mean, node.var))
    spread = (var + node.eps).sqrt() if node.eps_inside_root else var.sqrt() + node.eps
    return gamma * (node.factor * (x - mean) / spread) + beta


def _pool(node: Pool, x: Tensor) -> Tensor:
    y = F.avg_pool2d(x.flatten(0, 1), node.kernel, node.stride, node.padding)
    if node.kind == "sum":
        y = y * (node.kernel[0] * node.kernel[1])
    return y.reshape(*x.shape[:2], *y.shape[1:])


def _flatten(node: Flatten, x: Tensor) -> Tensor:
    return x.flatten(2)


APPLY: dict[type[Node], Callable[..., Tensor]] = {
    Conv2d: _conv,
    Linear: _linear,
    Norm: _norm,
    Pool: _pool,
    Flatten: _flatten,
}


def largest_input(graph: Graph, name: str) -> int:
    """Largest absolute integer that can arrive at node `name` of an integer graph."""
    total = 0
    for edge in graph.into(name):
        source = graph.nodes[edge.source]
        largest = 2 ** (source.bits - 1) if isinstance(source, Input) else graph.signal(edge.source).levels
        total += abs(edge.gain) * largest
    return total


def largest_current(graph: Graph, name: str) -> int:
    """Bound on |a| at the output of synapse `name` (weight units): the largest row sum of |w| times the largest input.

    Every partial sum of the product is below it too, whatever the order of summation.
    """
    node = graph.nodes[name]
    if not isinstance(node, Conv2d | Linear):
        return largest_input(graph, name)
    rows = np.abs(node.weight.astype(np.int64)).reshape(node.weight.shape[0], -1).sum(axis=1)
    return int(rows.max(initial=0)) * largest_input(graph, name)


def product_dtype(graph: Graph, name: str) -> torch.dtype:
    """float32 where it is exact for the integer synapse `name`, else float64."""
    return torch.float32 if largest_current(graph, name) < FLOAT32_EXACT else torch.float64


def logits_of(node: Readout, x: Tensor, timesteps: int) -> Tensor:
    """[B, classes] from x [T, B, classes]."""
    total = x.sum(dim=0)
    return total / timesteps if node.reduction == "mean" else total


def _parameter(array: Array, like: Tensor) -> Tensor:
    return torch.as_tensor(array).to(dtype=like.dtype, device=like.device)
