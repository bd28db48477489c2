"""Pools of torch as nodes."""

from __future__ import annotations

from typing import Any

from torch import nn

from snnhw.errors import InputError
from snnhw.graph.ir import MaxPool, Node, Pair, Pool, Window
from snnhw.graph.shapes import Shape
from snnhw.tracing.derived import average, plain_window


def _needs_image(name: str, shape: Shape) -> None:
    if len(shape) != 3:
        raise InputError(f"Pool {name!r} takes (C, H, W) and gets {shape}; put it before what flattens.")


def avg_pool(name: str, module: nn.AvgPool2d, shape: Shape) -> Node | tuple[Node, Node]:
    """The mean of each window."""
    _needs_image(name, shape)
    kernel, padding, size = pair(module.kernel_size), pair(module.padding), (shape[1], shape[2])
    stride = pair(module.stride)
    window = plain_window(name, module, size, Window(size, kernel, stride, padding))
    sent = (shape[0], *window.out)
    pool = Pool(name=name, shape=sent, kind="avg", kernel=kernel, stride=stride, padding=padding)
    return average(name, module, pool, size)


def max_pool(name: str, module: nn.MaxPool2d, shape: Shape) -> Node:
    """The largest value of each window."""
    _needs_image(name, shape)
    if module.return_indices:
        raise InputError(f"Pool {name!r} gives indices beside the values; leave return_indices out.")
    kernel, size = pair(module.kernel_size), (shape[1], shape[2])
    stride, padding, dilation = pair(module.stride), pair(module.padding), pair(module.dilation)
    window = plain_window(name, module, size, Window(size, kernel, stride, padding, dilation))
    sent = (shape[0], *window.out)
    return MaxPool(name=name, shape=sent, kernel=kernel, stride=stride, padding=padding, dilation=dilation)


def adaptive_max_pool(name: str, module: nn.AdaptiveMaxPool2d, shape: Shape) -> Node:
    """The largest value of equal windows."""
    if module.return_indices:
        raise InputError(f"Pool {name!r} gives indices beside the values; leave return_indices out.")
    sent, kernel = _equal_windows(name, module, shape)
    return MaxPool(name=name, shape=sent, kernel=kernel, stride=kernel)


def sum_pool(name: str, module: nn.LPPool2d, shape: Shape) -> Node:
    """The sum of each window, a power average of degree 1."""
    _needs_image(name, shape)
    if float(module.norm_type) != 1 or module.ceil_mode:
        raise InputError(
            f"Pool {name!r} is a norm of degree {module.norm_type:g} or uses ceil_mode; use LPPool2d(1, ..)."
        )
    kernel = pair(module.kernel_size)
    stride = kernel if module.stride is None else pair(module.stride)
    height, width = Window((shape[1], shape[2]), kernel, stride).out
    return Pool(name=name, shape=(shape[0], height, width), kind="sum", kernel=kernel, stride=stride)


def adaptive_pool(name: str, module: nn.AdaptiveAvgPool2d, shape: Shape) -> Node:
    """The average of equal windows."""
    sent, kernel = _equal_windows(name, module, shape)
    return Pool(name=name, shape=sent, kind="avg", kernel=kernel, stride=kernel)


def _equal_windows(name: str, module: Any, shape: Shape) -> tuple[Shape, Pair]:
    """(shape that is sent, window) of an adaptive pool."""
    _needs_image(name, shape)
    asked = module.output_size if isinstance(module.output_size, tuple | list) else (module.output_size,) * 2
    wanted = tuple(size if n is None else int(n) for n, size in zip(asked, shape[1:], strict=True))
    if shape[1] % wanted[0] or shape[2] % wanted[1]:
        raise InputError(f"Pool {name!r} divides {shape[1:]} into {wanted} unequal windows; choose sizes that divide.")
    return (shape[0], *wanted), (shape[1] // wanted[0], shape[2] // wanted[1])


def pair(value: Any) -> Pair:
    """(a, b) of an int or a pair."""
    a, b = (value, value) if isinstance(value, int) else value
    return int(a), int(b)
