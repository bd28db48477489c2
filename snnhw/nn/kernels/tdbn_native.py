"""The C passes of `tdbn.c` on the memory of CPU tensors: several times the speed of torch's there."""

from __future__ import annotations

import ctypes
from pathlib import Path

import torch
from torch import Tensor

from snnhw import native
from snnhw.native import SUFFIX, address
from snnhw.nn.kernels.tdbn_operators import Average

SOURCE = Path(__file__).with_name("tdbn.c")


def usable(x: Tensor) -> bool:
    """True where the C loops can work on x: images whose pixels lie side by side."""
    return x.dim() > 2 and x.numel() > 0 and x.is_contiguous() and native.usable(SOURCE, x)


def statistics(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and biased variance."""
    mean, var = x.new_empty(2, x.shape[1])
    _pass("statistics", x, mean, var)
    return mean, var


def affine(x: Tensor, mean: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """(x - mean) * scale + shift."""
    y = torch.empty_like(x)
    _pass("affine", x, y, mean, scale, shift)
    return y


def backward(
    g: Tensor, x: Tensor, mean: Tensor, scale: Tensor, pull: Tensor, average: Average | None
) -> tuple[Tensor, Tensor, Tensor]:
    """dL/dx, sum g and sum g (x - mean), the sums over this process."""
    g = g.contiguous()
    sums = x.new_empty(2, x.shape[1])
    _pass("sums", x, g, mean, sums)
    grad_x = torch.empty_like(x)
    mean_g, mean_gx = averages(sums, x, average)
    gradient(g, x, mean, scale, (mean_g, pull * mean_gx), grad_x)
    return grad_x, sums[0], sums[1]


def averages(sums: Tensor, x: Tensor, average: Average | None) -> tuple[Tensor, Tensor]:
    """<g> and <g (x - mean)> over the batch of all processes, from the sums [2, C] of this one."""
    mean_g, mean_gx = sums / (x.numel() // x.shape[1]) if average is None else average(sums)
    return mean_g, mean_gx


def gradient(g: Tensor, x: Tensor, mean: Tensor, scale: Tensor, pulls: tuple[Tensor, Tensor], grad_x: Tensor) -> None:
    """Write dL/dx, given <g> and pull * <g (x - mean)>; grad_x may be g."""
    _pass("gradient", x, g, grad_x, mean, scale, *pulls)


def _pass(name: str, x: Tensor, *others: Tensor) -> None:
    rows, channels = x.shape[:2]
    getattr(native.library(SOURCE), f"tdbn_{name}_{SUFFIX[x.dtype]}")(
        address(x),
        *map(address, others),
        ctypes.c_int64(rows),
        ctypes.c_int64(channels),
        ctypes.c_int64(x.numel() // (rows * channels)),
        ctypes.c_int(torch.get_num_threads()),
    )
