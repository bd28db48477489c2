"""The C loops of `mlf.c` on the memory of CPU tensors; without a compiler the loops of `loops.py` do the work."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from snnhw import native
from snnhw.native import SUFFIX, address

SOURCE = Path(__file__).with_name("mlf.c")


def usable(x: Tensor) -> bool:
    """True where the C loops can work on x."""
    return native.usable(SOURCE, x)


def fire(x: Tensor, spikes: Tensor, thresholds: Sequence[float], decay: float) -> None:
    """Write o [T, n] for x [T, n], both contiguous."""
    steps, n = x.shape
    theta = torch.tensor(thresholds, dtype=x.dtype)
    getattr(native.library(SOURCE), f"mlf_fire_{SUFFIX[x.dtype]}")(
        address(x),
        address(spikes),
        ctypes.c_int64(n),
        ctypes.c_int64(steps),
        ctypes.c_int64(len(thresholds)),
        address(theta),
        ctypes.c_double(decay),
        ctypes.c_int(torch.get_num_threads()),
    )


def fire_backward(
    x: Tensor, g: Tensor, grad_x: Tensor, thresholds: Sequence[float], decay: float, width: float
) -> None:
    """Write dL/dx [T, n] for x and g = dL/do [T, n], all contiguous."""
    steps, n = x.shape
    theta = torch.tensor(thresholds, dtype=x.dtype)
    getattr(native.library(SOURCE), f"mlf_back_{SUFFIX[x.dtype]}")(
        address(x),
        address(g),
        address(grad_x),
        ctypes.c_int64(n),
        ctypes.c_int64(steps),
        ctypes.c_int64(len(thresholds)),
        address(theta),
        ctypes.c_double(decay),
        ctypes.c_double(width),
        ctypes.c_int(torch.get_num_threads()),
    )
