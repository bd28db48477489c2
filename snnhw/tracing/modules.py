"""Which torch module becomes which node: one function per kind, one registry.

Each takes the node name, the module and the shape that arrives (no batch), and gives the node; parameters are copied as
float64 arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from snnhw.errors import InputError
from snnhw.graph import ir
from snnhw.graph.ir import Array, Conv2d, Flatten, Linear, Node, Norm, Pair, Pool, Readout, Window
from snnhw.graph.shapes import Shape
from snnhw.nn.neurons import MLF
from snnhw.nn.norm import TDBatchNorm
from snnhw.nn.time import Frames, MeanOverTime

Modules = Mapping[type[nn.Module], Callable[[str, Any, Shape], Node]]  # (node name, module, shape that arrives) -> node


def array(tensor: Tensor | None, size: int, default: float) -> Array:
    """A copy of the tensor in float64, or `size` times the default where the module has none."""
    if tensor is None:
        return np.full(size, default, dtype=np.float64)
    values: Array = tensor.detach().cpu().to(torch.float64, copy=True).numpy()
    return values


def _padding(
    name: str, padding: str | tuple[int, ...], kernel: tuple[int, int], dilation: tuple[int, int]
) -> tuple[int, int]:
    """Zeros on each side; "same", which torch takes at stride 1, adds d (k - 1), half of it on each side."""
    if not isinstance(padding, str):
        return pair(padding)
    around = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)] if padding == "same" else [0, 0]
    if any(zeros % 2 for zeros in around):
        raise InputError(
            f"Convolution {name!r} pads 'same' with more zeros on one side than on the other; use an odd kernel size."
        )
    return around[0] // 2, around[1] // 2


def _conv(name: str, module: nn.Conv2d, shape: Shape) -> Node:
    if module.padding_mode != "zeros":
        raise InputError(f"Convolution {name!r} pads by the mode {module.padding_mode}; use padding_mode='zeros'.")
    if len(shape) != 3 or shape[0] != module.in_channels:
        raise InputError(f"Convolution {name!r} takes {module.in_channels} channels and gets {shape}; fix the shapes.")
    kernel, stride, dilation = pair(module.kernel_size), pair(module.stride), pair(module.dilation)
    padding = _padding(name, module.padding, kernel, dilation)
    height, width = Window((shape[1], shape[2]), kernel, stride, padding, dilation).out
    return Conv2d(
        name=name,
        shape=(module.out_channels, height, width),
        weight=array(module.weight, 0, 0.0),
        bias=None if module.bias is None else array(module.bias, 0, 0.0),
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=module.groups,
    )


def _linear(name: str, module: nn.Linear, shape: Shape) -> Node:
    if shape != (module.in_features,):
        raise InputError(
            f"Linear {name!r} takes {module.in_features} values and gets shape {shape}; flatten before it."
        )
    bias = None if module.bias is None else array(module.bias, 0, 0.0)
    return Linear(name=name, shape=(module.out_features,), weight=array(module.weight, 0, 0.0), bias=bias)


def _tdbn(name: str, module: TDBatchNorm, shape: Shape) -> Node:
    return _norm(name, module, shape, factor=module.factor, inside=False)


def _batchnorm(name: str, module: nn.BatchNorm2d | nn.BatchNorm1d, shape: Shape) -> Node:
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


def _mlf(name: str, module: MLF, shape: Shape) -> Node:
    return ir.MLF(name=name, shape=shape, thresholds=tuple(module.thresholds), decay=float(module.decay))


def _needs_image(name: str, shape: Shape) -> None:
    if len(shape) != 3:
        raise InputError(f"Pool {name!r} takes (C, H, W) and gets {shape}; put it before what flattens.")


def _avg_pool(name: str, module: nn.AvgPool2d, shape: Shape) -> Node:
    _needs_image(name, shape)
    kernel, padding = pair(module.kernel_size), pair(module.padding)
    stride = pair(module.stride)
    if module.ceil_mode or module.divisor_override is not None or (not module.count_include_pad and padding != (0, 0)):
        raise InputError(f"Pool {name!r} uses ceil_mode, a divisor or unpadded counts; use the plain average.")
    height, width = Window((shape[1], shape[2]), kernel, stride, padding).out
    return Pool(name=name, shape=(shape[0], height, width), kind="avg", kernel=kernel, stride=stride, padding=padding)


def _sum_pool(name: str, module: nn.LPPool2d, shape: Shape) -> Node:
    _needs_image(name, shape)
    if float(module.norm_type) != 1 or module.ceil_mode:
        raise InputError(
            f"Pool {name!r} is a norm of degree {module.norm_type:g} or uses ceil_mode; use LPPool2d(1, ..)."
        )
    kernel = pair(module.kernel_size)
    stride = kernel if module.stride is None else pair(module.stride)
    height, width = Window((shape[1], shape[2]), kernel, stride).out
    return Pool(name=name, shape=(shape[0], height, width), kind="sum", kernel=kernel, stride=stride)


def _adaptive_pool(name: str, module: nn.AdaptiveAvgPool2d, shape: Shape) -> Node:
    _needs_image(name, shape)
    asked = module.output_size if isinstance(module.output_size, tuple | list) else (module.output_size,) * 2
    wanted = tuple(size if n is None else int(n) for n, size in zip(asked, shape[1:], strict=True))
    if shape[1] % wanted[0] or shape[2] % wanted[1]:
        raise InputError(f"Pool {name!r} divides {shape[1:]} into {wanted} unequal windows; choose sizes that divide.")
    kernel = (shape[1] // wanted[0], shape[2] // wanted[1])
    return Pool(name=name, shape=(shape[0], *wanted), kind="avg", kernel=kernel, stride=kernel)


def _flatten(name: str, module: nn.Flatten, shape: Shape) -> Node:
    if module.start_dim != 1 or module.end_dim != -1:
        raise InputError(f"Flatten {name!r} keeps some axes; flatten everything behind the batch.")
    return Flatten(name=name, shape=(int(np.prod(shape)),))


def readout(name: str, module: MeanOverTime | None, shape: Shape) -> Node:
    """The readout; a network that ends without one gets the mean over time."""
    return Readout(name=name, shape=shape, reduction="mean")


def pair(value: Any) -> Pair:
    """(a, b) of an int or a pair."""
    a, b = (value, value) if isinstance(value, int) else value
    return int(a), int(b)


PASS_THROUGH = (Frames, nn.Identity, nn.Dropout, nn.Dropout2d)
TRACE: Modules = {
    nn.Conv2d: _conv,
    nn.Linear: _linear,
    nn.BatchNorm1d: _batchnorm,
    nn.BatchNorm2d: _batchnorm,
    TDBatchNorm: _tdbn,
    MLF: _mlf,
    nn.AvgPool2d: _avg_pool,
    nn.AdaptiveAvgPool2d: _adaptive_pool,
    nn.LPPool2d: _sum_pool,
    nn.Flatten: _flatten,
    MeanOverTime: readout,
}
KINDS = (*TRACE, *PASS_THROUGH)
