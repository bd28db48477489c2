"""Norms of torch as nodes: by running statistics, which fold into weights, and by those of the value itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from snnhw.errors import InputError
from snnhw.graph.ir import Array, GroupNorm, Node, Norm
from snnhw.graph.shapes import Shape
from snnhw.nn.norm import TDBatchNorm


def tdbn(name: str, module: TDBatchNorm, shape: Shape) -> Node:
    """By running statistics, as tdBN scales them."""
    return _norm(name, module, shape, factor=module.factor, inside=False)


def batchnorm(name: str, module: Any, shape: Shape) -> Node:
    """By running statistics."""
    return _norm(name, module, shape, factor=1.0, inside=True)


def _norm(name: str, module: Any, shape: Shape, factor: float, inside: bool) -> Node:
    if module.running_mean is None:
        raise InputError(f"Norm {name!r} keeps no running statistics; train it with track_running_stats.")
    size = len(module.running_mean)
    return Norm(
        name=name,
        shape=shape,
        gamma=array(module.weight, size, 1.0),
        beta=array(module.bias, size, 0.0),
        mean=array(module.running_mean, size, 0.0),
        var=array(module.running_var, size, 1.0),
        eps=float(module.eps),
        factor=float(factor),
        eps_inside_root=inside,
    )


def group_norm(name: str, module: nn.GroupNorm, shape: Shape) -> Node:
    """By the statistics of equal parts of the channels."""
    return _by_channel(name, module, shape, module.num_groups)


def _by_channel(name: str, module: Any, shape: Shape, groups: int) -> Node:
    column = (-1,) + (1,) * (len(shape) - 1)
    gamma = array(module.weight, shape[0], 1.0).reshape(column)
    beta = array(module.bias, shape[0], 0.0).reshape(column)
    return GroupNorm(name=name, shape=shape, groups=groups, gamma=gamma, beta=beta, eps=float(module.eps))


def layer_norm(name: str, module: nn.LayerNorm, shape: Shape) -> Node:
    """By the statistics of the last axes; axes of length 1 make no difference, so a sequence may have its row."""
    axes, sizes = ([n for n in given if n != 1] for given in (module.normalized_shape, shape))
    if sizes[len(sizes) - len(axes) :] != axes:
        given = tuple(module.normalized_shape)
        raise InputError(f"Norm {name!r} takes {given} as its last axes and gets {shape}; fix the shapes.")
    values = int(np.prod(axes, dtype=np.int64))
    groups = int(np.prod(shape, dtype=np.int64)) // values
    gamma, beta = (
        np.broadcast_to(array(parameter, values, default).flatten(), (groups, values)).reshape(shape).copy()
        for parameter, default in ((module.weight, 1.0), (module.bias, 0.0))
    )
    return GroupNorm(name=name, shape=shape, groups=groups, gamma=gamma, beta=beta, eps=float(module.eps))


def instance_norm(name: str, module: nn.InstanceNorm1d | nn.InstanceNorm2d, shape: Shape) -> Node:
    """By the statistics of each channel, or by running ones as batch norm is."""
    if module.running_mean is not None:
        return batchnorm(name, module, shape)
    return _by_channel(name, module, shape, shape[0])


def array(tensor: Tensor | None, size: int, default: float) -> Array:
    """A copy of the tensor in float64, or `size` times the default where the module has none."""
    if tensor is None:
        return np.full(size, default, dtype=np.float64)
    values: Array = tensor.detach().cpu().to(torch.float64, copy=True).numpy()
    return values
