"""tdBN and MLF as one unit on CUDA tensors, with the kernels of `tdbn_mlf_triton.py`: three forward, three backward.

Forward: moments of shares of the batch; their end, with the running statistics and the numbers of each channel; affine
and recurrence over all steps. Backward: sums of dL/dy and of dL/dy (x - mean); their end; dL/dx. Of a unit x and five
numbers a channel are kept. In all x is read four times, g = dL/do twice, spikes and dL/dx are written once: 16 bytes of
traffic for each element in bfloat16. With several processes moments and sums are pooled between the kernels.

Held against the module in float64 in Triton's interpreter, and compiled for sm_80 and sm_90 as they are launched, by
the tests; these kernels have not run on a GPU or been timed there (`tests/nn/kernels/triton_units.py sweep 0 100`
compares them on one, `benchmarks/train_step.py --device cuda` times them). `SNNHW_TRITON=0` turns them off.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from snnhw.nn.kernels import gpu
from snnhw.nn.kernels.constants import SMALLEST_DEVIATION, Channels, Recurrence
from snnhw.nn.kernels.gpu import MOST_HELD
from snnhw.nn.kernels.tdbn_operators import Average, Pool

DTYPES = (torch.float32, torch.bfloat16, torch.float16)
MOST_LEVELS = 32  # the kernels write the levels out one after the other, and a thread holds a membrane of each
THREADS = 128  # four warps
MOST_PROGRAMS = 1024  # of a kernel that sums: about eight for each multiprocessor of a large GPU
WIDEST = 64  # channels of a tile where they lie side by side
SETTLED = 64  # shares, times 16 channels, that a program adds up at once


def usable(x: Tensor, running: Tensor, unit: Recurrence) -> bool:
    """True where the kernels can work on x [T*B, C, ...] behind a norm with these running statistics."""
    return (
        gpu.on_gpu(x)
        and x.dtype in DTYPES
        and running.dtype == torch.float32
        and 0 < x.numel() < 2**31 * x.shape[1]
        and len(unit.thresholds) <= MOST_LEVELS
    )


def forward(
    x: Tensor, norm: Channels, unit: Recurrence, pool: Pool | None, dtype: torch.dtype
) -> tuple[Tensor, Tensor, Tensor, int]:
    """Spikes of y in `dtype` and in the memory order of x; x as it lies there, numbers [5, C] and n for `backward`.

    The running statistics follow the batch; `pool` is for several processes.
    """
    from snnhw.nn.kernels import tdbn_mlf_triton as kernels

    x = _laid_out(x)
    form = _form(x, unit.timesteps)
    pixels, channels = form.pixels * unit.timesteps, form.channels
    tile = _tile(form, 8)
    share, shares = _shares(pixels, tile)
    parts = torch.empty(shares, 2, channels, dtype=torch.float64, device=x.device)
    numbers = torch.empty(5, channels, dtype=torch.float32, device=x.device)
    spikes = torch.empty_like(x, dtype=dtype)
    with torch.cuda.device_of(x):  # type: ignore[no-untyped-call]
        kernels.moments_kernel[shares, tile.blocks](
            x, parts, pixels, channels, form.plane, share, *tile.sides, enable_fp_fusion=False
        )
        if pool is not None:
            parts, pixels = _pooled(parts, share, pixels, pool)
            share, shares = pixels, 1
        kernels.statistics_kernel[_settlers(channels)](
            parts,
            numbers,
            *norm[:4],
            channels,
            shares,
            share,
            pixels,
            *norm[4:],
            SMALLEST_DEVIATION,
            SETTLED,
            16,
            enable_fp_fusion=False,
        )
        fire(x, spikes, numbers, unit)
    return spikes, x, numbers, pixels


def fire(x: Tensor, spikes: Tensor, numbers: Tensor, unit: Recurrence) -> None:
    """Write the spikes of y, for x as it lies in memory."""
    from snnhw.nn.kernels import tdbn_mlf_triton as kernels

    form, levels = _form(x, unit.timesteps), len(unit.thresholds)
    tile = _tile(form, 32 // levels)
    kernels.fire_kernel[-(-form.pixels // tile.pixels), tile.blocks](
        x,
        spikes,
        numbers,
        _constants(unit, x.device),
        form.pixels,
        form.channels,
        form.plane,
        unit.timesteps,
        levels,
        *tile.sides,
        enable_fp_fusion=False,
    )


def backward(
    x: Tensor, g: Tensor, numbers: Tensor, unit: Recurrence, n: int, average: Average | None
) -> tuple[Tensor, Tensor, Tensor]:
    """dL/dx for g = dL/do, dL/dgamma and dL/dbeta, the latter two of this process; n is that of all of them."""
    from snnhw.nn.kernels import tdbn_mlf_triton as kernels

    form, levels = _form(x, unit.timesteps), len(unit.thresholds)
    segments = -(-unit.timesteps // MOST_HELD)
    held = -(-unit.timesteps // segments)
    tile = _tile(form, 32 // max(held, levels))
    share, shares = _shares(form.pixels, tile)
    constants = _constants(unit, x.device)
    parts = torch.empty(shares, 2, form.channels, dtype=torch.float64, device=x.device)
    averages, grads = torch.empty(2, 2, form.channels, dtype=torch.float32, device=x.device)
    g, grad_x = _like(g, x), torch.empty_like(x)
    sizes = (form.pixels, form.channels, form.plane, unit.timesteps, segments)
    how = (levels, held, *tile.sides)
    with torch.cuda.device_of(x):  # type: ignore[no-untyped-call]
        kernels.sums_kernel[shares, tile.blocks](
            x, g, numbers, constants, parts, *sizes, share, *how, enable_fp_fusion=False
        )
        kernels.averages_kernel[_settlers(form.channels)](
            parts, numbers, averages, *grads, form.channels, shares, n, SETTLED, 16, enable_fp_fusion=False
        )
        if average is not None:
            mean_g, mean_gx = average(parts.sum(0))
            averages = torch.stack([mean_g, numbers[3] * mean_gx]).float()
        kernels.gradient_kernel[-(-form.pixels // tile.pixels), tile.blocks](
            x, g, grad_x, numbers, averages, constants, *sizes, *how, enable_fp_fusion=False
        )
    return grad_x, grads[0], grads[1]


class _Form(NamedTuple):
    """How x lies in memory: [T * M, C, plane], with M * plane pixels in a step."""

    pixels: int
    channels: int
    plane: int


class _Tile(NamedTuple):
    """What a program works on at once, and how many tiles side by side hold all channels."""

    pixels: int
    channels: int
    blocks: int

    @property
    def sides(self) -> tuple[int, int]:
        return self.pixels, self.channels


def _channels_last(x: Tensor) -> bool:
    return x.dim() == 4 and not x.is_contiguous() and x.is_contiguous(memory_format=torch.channels_last)


def _laid_out(x: Tensor) -> Tensor:
    """x in one of the two memory orders that the kernels know."""
    return x if _channels_last(x) else x.contiguous()


def _like(g: Tensor, x: Tensor) -> Tensor:
    """g in the memory order of x."""
    return g.contiguous(memory_format=torch.channels_last if _channels_last(x) else torch.contiguous_format)


def _form(x: Tensor, timesteps: int) -> _Form:
    channels = x.shape[1]
    plane = 1 if _channels_last(x) else x[0, 0].numel()
    return _Form(x.numel() // (channels * timesteps), channels, plane)


def _tile(form: _Form, each: int) -> _Tile:
    """A tile with at most 8 and about `each` numbers for a thread, longest along what lies side by side in memory."""
    size = THREADS * max(1, min(8, 1 << (each.bit_length() - 1)))
    channels = min(WIDEST, _power_of_two(form.channels))
    if form.plane > 1:
        channels = min(channels, max(1, size // _power_of_two(form.pixels)))
    pixels = size // channels
    return _Tile(pixels, channels, -(-form.channels // channels))


def _power_of_two(n: int) -> int:
    """The smallest that is not below n."""
    return 1 << (n - 1).bit_length()


def _shares(pixels: int, tile: _Tile) -> tuple[int, int]:
    """Pixels of a share, whole tiles, and the number of shares."""
    tiles = -(-pixels // tile.pixels)
    share = -(-tiles // max(1, MOST_PROGRAMS // tile.blocks)) * tile.pixels
    return share, -(-pixels // share)


def _settlers(channels: int) -> tuple[int]:
    return (-(-channels // 16),)


def _pooled(parts: Tensor, share: int, pixels: int, pool: Pool) -> tuple[Tensor, int]:
    """Moments of all processes as those of one share, and how many pixels they are of."""
    held = torch.full((len(parts), 1), float(share), dtype=parts.dtype, device=parts.device)
    held[-1] = pixels - share * (len(parts) - 1)
    mean = (held * parts[:, 0]).sum(0) / pixels
    var = (parts[:, 1] + held * (parts[:, 0] - mean) ** 2).sum(0) / pixels
    mean, var, n = pool(mean, var, pixels)
    return torch.stack([mean, var * n]), n


def _constants(unit: Recurrence, device: torch.device) -> Tensor:
    return gpu.numbers(unit.thresholds, unit.decay, unit.surrogate_width, torch.float32, device)
