"""Functions that only move values: run on the numbers of the positions, they say from where each value comes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from snnhw.errors import InputError
from snnhw.graph.ir import Wires
from snnhw.graph.shapes import Shape

JOINS = (torch.cat, torch.concat, torch.concatenate)
MOVES: tuple[Any, ...] = (  # of one tensor; axes of batch and time have to stay as they are
    F.pad,
    F.interpolate,
    F.pixel_shuffle,
    F.pixel_unshuffle,
    F.channel_shuffle,
    torch.flip,
    torch.roll,
    torch.permute,
    torch.transpose,
    torch.swapaxes,
    torch.narrow,
    "flip",
    "roll",
    "permute",
    "transpose",
    "swapaxes",
    "narrow",
)
NEAREST = ("nearest", "nearest-exact")


def wires(name: str, move: Callable[[Tensor], Tensor], shape: Shape, lead: int = 1) -> Wires | None:
    """The node for a function of a tensor [*lead, *shape], None where it does more than to move values.

    It runs on two samples of one step, or of two where time has an axis of its own: a function that mixes them is none.
    A second run, on random values, has to give what the wires of the first carry: a mean of numbers may be a number.
    """
    sizes, size = (2,) * lead, math.prod(shape)
    numbers = torch.arange(1, size + 1, dtype=torch.float64).reshape(*(1,) * lead, *shape).expand(*sizes, *shape)
    moved = move(numbers.clone())
    if moved.dim() <= lead or moved.shape[:lead] != sizes:
        return None
    first = moved[(0,) * lead]
    source = first.round().to(torch.int64) - 1
    if source.numel() == 0 or not -1 <= int(source.min()) <= int(source.max()) < size:
        return None
    values = torch.rand(*sizes, *shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    flat = torch.cat([values.flatten(lead), values.new_zeros(*sizes, 1)], dim=lead)
    carried = flat[..., torch.where(source < 0, size, source)]
    if not torch.equal(move(values), carried):
        return None
    return Wires(name=name, shape=tuple(source.shape), source=source.numpy(), taken=tuple(shape))


def joined(name: str, shapes: list[Shape], part: int, axis: int) -> Wires:
    """The wires of one of several tensors that are joined along an axis of their shapes."""
    before = sum(shape[axis] for shape in shapes[:part])
    behind = sum(shape[axis] for shape in shapes[part + 1 :])
    shape = shapes[part]
    around = [(before, behind) if i == axis else (0, 0) for i in range(len(shape))]
    source = np.pad(np.arange(math.prod(shape)).reshape(shape), around, constant_values=-1)
    return Wires(name=name, shape=tuple(source.shape), source=source, taken=tuple(shape))


def reshaped(name: str, taken: Shape, shape: Shape) -> Wires:
    """The same values in another shape."""
    return Wires(name=name, shape=tuple(shape), source=np.arange(math.prod(taken)).reshape(shape), taken=tuple(taken))


def spread(name: str, shape: Shape, stride: tuple[int, int], more: tuple[int, int]) -> Wires:
    """An image with stride - 1 zeros between its rows and columns, and `more` at the lower right end."""
    rows, columns = ((n - 1) * s + 1 + m for n, s, m in zip(shape[1:], stride, more, strict=True))
    source = np.full((shape[0], rows, columns), -1, dtype=np.int64)
    last = tuple((n - 1) * s + 1 for n, s in zip(shape[1:], stride, strict=True))
    source[:, : last[0] : stride[0], : last[1] : stride[1]] = np.arange(math.prod(shape)).reshape(shape)
    return Wires(name=name, shape=tuple(source.shape), source=source, taken=tuple(shape))


def moving(name: str, module: Any, shape: Shape) -> Wires:
    """The node of a module that only moves values.

    Raises:
        InputError: it computes something, as an upsampling that interpolates does.
    """
    if isinstance(module, nn.Upsample) and module.mode not in NEAREST:
        raise InputError(f"Upsampling {name!r} interpolates by the mode {module.mode!r}; use mode='nearest'.")
    try:
        made = wires(name, module, shape)
    except (RuntimeError, IndexError) as error:
        raise InputError(f"{name!r} does not take {shape} ({str(error).splitlines()[0]}); fix the shapes.") from error
    if made is None:
        raise InputError(f"{type(module).__name__} {name!r} does more than to move values; pad with zeros alone.")
    return made
