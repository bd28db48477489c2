"""Which torch module becomes which node: one function per kind, one registry.

Each takes the node name, the module and the shape that arrives (no batch), and gives the node; parameters are copied as
float64 arrays.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from torch import nn

from snnhw.errors import InputError
from snnhw.graph import ir
from snnhw.graph.ir import Conv2d, Flatten, Linear, Node, Readout, Reduction, Window
from snnhw.graph.shapes import Shape
from snnhw.nn.ilif import ILIF
from snnhw.nn.neurons import MLF
from snnhw.nn.norm import TDBatchNorm
from snnhw.nn.time import Frames, MeanOverTime
from snnhw.tracing.derived import as_image, flipped, held, of_last_axis, transposed
from snnhw.tracing.norms import array, batchnorm, group_norm, instance_norm, layer_norm, tdbn
from snnhw.tracing.pools import adaptive_max_pool, adaptive_pool, avg_pool, max_pool, pair, sum_pool
from snnhw.tracing.rearrange import moving

Modules = Mapping[type[nn.Module], Callable[[str, Any, Shape], Node]]  # (node name, module, shape that arrives) -> node
Built = Node | tuple[Node, ...]  # one node, or several one behind the other, of which one has the name


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


def _linear(name: str, module: nn.Linear, shape: Shape) -> Built:
    if shape[-1] != module.in_features or len(shape) not in (1, 3):
        raise InputError(
            f"Linear {name!r} takes {module.in_features} values and gets shape {shape}; flatten before it."
        )
    weight, bias = array(module.weight, 0, 0.0), None if module.bias is None else array(module.bias, 0, 0.0)
    if len(shape) == 1:
        return Linear(name=name, shape=(module.out_features,), weight=weight, bias=bias)
    return of_last_axis(name, Linear(name=name, shape=(module.out_features,), weight=weight, bias=bias), shape)


def _mlf(name: str, module: MLF, shape: Shape) -> Node:
    return ir.MLF(name=name, shape=shape, thresholds=tuple(module.thresholds), decay=float(module.decay))


def _ilif(name: str, module: ILIF, shape: Shape) -> Node:
    return ir.ILIF(name=name, shape=shape, thresholds=module.thresholds, decay=module.decay, taken_off=module.threshold)


def _in_a_row(name: str, module: Any, shape: Shape) -> Built:
    """A layer of sequences, which are images of one row here."""
    if len(shape) != 3 or shape[1] != 1:
        raise InputError(f"{type(module).__name__} {name!r} takes (C, L) and gets {shape}; fix the shapes.")
    image = as_image(module)
    return TRACE[type(image)](name, image, shape)


def _conv_transpose(name: str, module: nn.ConvTranspose2d, shape: Shape) -> Built:
    if len(shape) != 3 or shape[0] != module.in_channels:
        raise InputError(f"Convolution {name!r} takes {module.in_channels} channels and gets {shape}; fix the shapes.")
    kernel, dilation, cut = pair(module.kernel_size), pair(module.dilation), pair(module.padding)
    padding = tuple(d * (k - 1) - p for k, d, p in zip(kernel, dilation, cut, strict=True))
    if min(padding) < 0:
        raise InputError(f"Convolution {name!r} cuts off more than its kernel adds; use a smaller padding.")
    weight = array(flipped(module), 0, 0.0)
    bias = None if module.bias is None else array(module.bias, 0, 0.0)
    flat = Conv2d(
        name=name, shape=shape, weight=weight, bias=bias, padding=pair(padding), dilation=dilation, groups=module.groups
    )
    chain = transposed(name, module, shape, flat)
    before = chain[0].shape if isinstance(chain, tuple) else shape
    sized = dataclasses.replace(flat, shape=(module.out_channels, *flat.window((before[1], before[2])).out))
    return (chain[0], sized) if isinstance(chain, tuple) else sized


def _flatten(name: str, module: nn.Flatten, shape: Shape) -> Node:
    if module.start_dim != 1 or module.end_dim != -1:
        raise InputError(f"Flatten {name!r} keeps some axes; flatten everything behind the batch.")
    return Flatten(name=name, shape=(int(np.prod(shape)),))


def readout(name: str, module: MeanOverTime | None, shape: Shape, reduction: Reduction = "mean") -> Readout:
    """The readout; a network that ends without one gets the mean over time."""
    return Readout(name=name, shape=held(shape), reduction=reduction)


PASS_THROUGH = (
    Frames,
    nn.Identity,
    nn.Dropout,
    nn.Dropout1d,
    nn.Dropout2d,
    nn.Dropout3d,
    nn.AlphaDropout,
    nn.FeatureAlphaDropout,
)
MOVING = (
    nn.Upsample,
    nn.UpsamplingNearest2d,
    nn.ZeroPad1d,
    nn.ZeroPad2d,
    nn.ConstantPad1d,
    nn.ConstantPad2d,
    nn.PixelShuffle,
    nn.PixelUnshuffle,
    nn.ChannelShuffle,
)
RESHAPES = (nn.Flatten, nn.Unflatten)  # also of batch and time, which `Walk` looks after
TRACE: Mapping[type[nn.Module], Callable[[str, Any, Shape], Built]] = {
    nn.Conv2d: _conv,
    nn.Linear: _linear,
    nn.BatchNorm1d: batchnorm,
    nn.BatchNorm2d: batchnorm,
    TDBatchNorm: tdbn,
    MLF: _mlf,
    ILIF: _ilif,
    nn.AvgPool2d: avg_pool,
    nn.AdaptiveAvgPool2d: adaptive_pool,
    nn.MaxPool2d: max_pool,
    nn.AdaptiveMaxPool2d: adaptive_max_pool,
    nn.GroupNorm: group_norm,
    nn.LayerNorm: layer_norm,
    nn.InstanceNorm1d: instance_norm,
    nn.InstanceNorm2d: instance_norm,
    nn.LPPool2d: sum_pool,
    nn.Flatten: _flatten,
    nn.Conv1d: _in_a_row,
    nn.AvgPool1d: _in_a_row,
    nn.AdaptiveAvgPool1d: _in_a_row,
    nn.MaxPool1d: _in_a_row,
    nn.AdaptiveMaxPool1d: _in_a_row,
    nn.ConvTranspose2d: _conv_transpose,
    **dict.fromkeys(MOVING, moving),
    MeanOverTime: readout,
}
KINDS = (*TRACE, *PASS_THROUGH, nn.Unflatten)
