"""tdBN and MLF in one walk over the memory of CPU tensors, with the C loops of `mlf.c` and `tdbn.c`.

The normalised potentials y = (x - mean) * scale + shift are never written to memory: those of 64 neurons of one channel
at a time stay in the first-level cache, forward and again in backward.
"""

from __future__ import annotations

import ctypes

import torch
from torch import Tensor

from snnhw.native import SUFFIX, address, library
from snnhw.nn.kernels import native, tdbn_native
from snnhw.nn.kernels.constants import Affine, Recurrence
from snnhw.nn.kernels.tdbn_operators import Average

SMALLEST_PLANE = 16  # pixels of a channel; with fewer, most of the lanes of the C loops would be idle


def usable(x: Tensor) -> bool:
    """True where the C loops can work on x [T*B, C, ...] and pay."""
    return native.usable(x) and tdbn_native.usable(x) and x[0, 0].numel() >= SMALLEST_PLANE


def fire(x: Tensor, norm: Affine, unit: Recurrence) -> Tensor:
    """Spikes of y, in the shape of x."""
    spikes = torch.empty_like(x)
    _walk("fire", unit, x, (spikes, *norm), unit.decay)
    return spikes


def backward(
    x: Tensor, g: Tensor, norm: Affine, pull: Tensor, unit: Recurrence, average: Average | None
) -> tuple[Tensor, Tensor, Tensor]:
    """dL/dx for g = dL/do, and the sums of dL/dy, alone and times x - mean, over the batch of this process."""
    grad = torch.empty_like(x)  # first dL/dy, then dL/dx
    channels = x.shape[1]
    planes = torch.empty(2, x.shape[0] // unit.timesteps, channels, dtype=torch.float64)
    arrays = (g.contiguous(), grad, planes, *norm)
    _walk("back", unit, x, arrays, unit.decay, unit.surrogate_width)
    sums = planes.sum(1).to(x.dtype)
    mean_g, mean_gx = tdbn_native.averages(sums, x, average)
    tdbn_native.gradient(grad, x, norm.mean, norm.scale, (mean_g, pull * mean_gx), grad)
    return grad, sums[0], sums[1]


def _walk(name: str, unit: Recurrence, x: Tensor, arrays: tuple[Tensor, ...], *constants: float) -> None:
    theta = torch.tensor(unit.thresholds, dtype=x.dtype)
    rows, channels = x.shape[0] // unit.timesteps, x.shape[1]
    sizes = (rows, channels, x[0, 0].numel(), unit.timesteps, len(unit.thresholds))
    getattr(library(native.SOURCE), f"mlf_{name}_norm_{SUFFIX[x.dtype]}")(
        address(x),
        *map(address, arrays),
        *map(ctypes.c_int64, sizes),
        address(theta),
        *map(ctypes.c_double, constants),
        ctypes.c_int(torch.get_num_threads()),
    )
