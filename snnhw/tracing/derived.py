"""Layers that are others in disguise: of sequences, transposed, and averages that divide by something of their own.

Sequences (C, L) are images of one row in the graph, (C, 1, L), so that a Conv1d is a Conv2d. A transposed convolution
is wires that put zeros between the values, and a convolution behind them, whose zeros cost nothing in counts.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from snnhw.errors import InputError
from snnhw.graph.ir import Conv2d, Linear, Node, Pool, Scale, Window, Wires
from snnhw.graph.shapes import Shape
from snnhw.tracing.rearrange import spread


def held(shape: Shape) -> Shape:
    """The shape in the graph of a value of `shape` in torch: a sequence (C, L) is an image of one row."""
    return (shape[0], 1, shape[1]) if len(shape) == 2 else shape


def shown(node: Shape, shape: Shape) -> Shape:
    """The shape in torch of what a node sends for a value of `shape`: of sequences, sequences."""
    return (node[0], node[2]) if len(shape) == 2 and len(node) == 3 and node[1] == 1 else node


def as_image(module: Any) -> Any:
    """The two-dimensional layer that computes on (C, 1, L) what a one-dimensional one computes on (C, L)."""
    if isinstance(module, nn.Conv1d):
        return _conv_of(module)
    if isinstance(module, nn.AdaptiveAvgPool1d):
        return nn.AdaptiveAvgPool2d(_row(module.output_size, 1))
    if isinstance(module, nn.AdaptiveMaxPool1d):
        return nn.AdaptiveMaxPool2d(_row(module.output_size, 1), module.return_indices)
    kernel, stride, padding = (_row(v, default) for v, default in _window_of(module))
    if isinstance(module, nn.MaxPool1d):
        dilation = _row(module.dilation, 1)
        return nn.MaxPool2d(kernel, stride, padding, dilation, module.return_indices, module.ceil_mode)
    return nn.AvgPool2d(kernel, stride, padding, module.ceil_mode, module.count_include_pad)


def _conv_of(module: nn.Conv1d) -> nn.Conv2d:
    padding = module.padding if isinstance(module.padding, str) else (0, module.padding[0])
    made = nn.Conv2d(
        module.in_channels,
        module.out_channels,
        (1, module.kernel_size[0]),
        (1, module.stride[0]),
        padding,
        (1, module.dilation[0]),
        module.groups,
        bias=module.bias is not None,
        padding_mode=module.padding_mode,
        device="meta",
    )
    made.weight = nn.Parameter(module.weight.detach()[:, :, None], requires_grad=False)
    made.bias = None if module.bias is None else nn.Parameter(module.bias.detach(), requires_grad=False)
    return made


def _window_of(module: Any) -> tuple[tuple[Any, int], tuple[Any, int], tuple[Any, int]]:
    return (module.kernel_size, 1), (module.stride, 1), (module.padding, 0)


def _row(value: Any, other: int) -> tuple[int, int]:
    return other, int(value if isinstance(value, int) else value[0])


def of_last_axis(name: str, matrix: Linear, shape: Shape) -> tuple[Node, ...]:
    """A matrix of the last axis alone, as of tokens (N, C): a convolution of kernel 1 on its values as channels."""
    outputs, weight = len(matrix.weight), matrix.weight[:, :, None, None]
    turned = (shape[2], shape[1], shape[0])
    return (
        _turned(f"{name}_turned", shape),
        Conv2d(name=name, shape=(outputs, *turned[1:]), weight=weight, bias=matrix.bias),
        _turned(f"{name}_sent", (outputs, *turned[1:])),
    )


def _turned(name: str, taken: Shape) -> Wires:
    """Wires that put the axes in the opposite order."""
    source = np.arange(math.prod(taken)).reshape(taken).transpose()
    return Wires(name=name, shape=source.shape, source=source, taken=taken)


def plain_window(name: str, module: Any, size: tuple[int, int], window: Window) -> Window:
    """`window`, if rounding up gives as many outputs as rounding down.

    Raises:
        InputError: rounding up adds windows that reach beyond the image.
    """
    if module.ceil_mode:
        spans = (
            n + 2 * p - d * (k - 1) - 1
            for n, k, p, d in zip(size, window.kernel, window.padding, window.dilation, strict=True)
        )
        if any(span % s for span, s in zip(spans, window.stride, strict=True)):
            raise InputError(
                f"Pool {name!r} uses ceil_mode, and its windows reach beyond the {size[0]}x{size[1]} image; "
                "pad the image or leave ceil_mode out."
            )
    return window


def average(name: str, module: nn.AvgPool2d, pool: Pool, size: tuple[int, int]) -> Node | tuple[Node, Node]:
    """The pool, or the sum of its windows and a product where it divides by something else than their size."""
    divisor = getattr(module, "divisor_override", None)
    if divisor is None and (module.count_include_pad or pool.padding == (0, 0)):
        return pool
    summed = dataclasses.replace(pool, name=f"{name}_sum", kind="sum")
    if divisor is not None:
        return summed, Scale(name=name, shape=pool.shape, scale=1.0 / divisor)
    ones = torch.ones(1, 1, *size, dtype=torch.float64)
    inside = F.avg_pool2d(ones, pool.kernel, pool.stride, pool.padding, divisor_override=1)[0].numpy()
    return summed, Scale(name=name, shape=pool.shape, scale=np.broadcast_to(1.0 / inside, pool.shape).copy())


def transposed(name: str, module: nn.ConvTranspose2d, shape: Shape, flat: Conv2d) -> Node | tuple[Node, Node]:
    """`flat`, the convolution of stride 1, with wires before it that spread the image where there is a stride."""
    stride, more = module.stride, module.output_padding
    if tuple(stride) == (1, 1) and not any(more):
        return flat
    return spread(f"{name}_spread", shape, (stride[0], stride[1]), (int(more[0]), int(more[1]))), flat


def flipped(module: nn.ConvTranspose2d) -> torch.Tensor:
    """Weight [O, I/groups, kh, kw] of the convolution that a transposed one of weight [I, O/groups, kh, kw] is."""
    weight, groups = module.weight.detach(), module.groups
    own = weight.reshape(groups, weight.shape[0] // groups, *weight.shape[1:]).transpose(1, 2)
    return own.reshape(-1, weight.shape[0] // groups, *weight.shape[2:]).flip(2, 3)
