"""The Triton kernels of `mlf_triton.py` on CUDA tensors; without Triton the loops of `loops.py` do the work.

Proven bit for bit against `loops.py` in Triton's interpreter, and compiled for sm_80 and sm_90 by the tests. An earlier
form of them gave the bits of the torch loops on an H200 (60 random units: 0 of 1,045,690 spikes and no gradient apart);
this form has not run on a GPU (`benchmarks/train_step.py --device cuda` times it). SNNHW_TRITON=0 turns it off.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version

import torch
from torch import Tensor

from snnhw.nn.kernels.constants import slope, support

BLOCK = 128  # neurons of a program: one for each thread of four warps
MOST_HELD = 8  # steps whose membranes a thread holds in registers
DTYPES = (torch.float32, torch.float64)
OLDEST = (3, 3)  # release of Triton whose kernels can hold tuples


def usable(x: Tensor) -> bool:
    """True where the kernels can work on x."""
    return x.dtype in DTYPES and on_gpu(x)


def on_gpu(x: Tensor) -> bool:
    """True where Triton's kernels run on the device of x."""
    return x.is_cuda and _installed()


def fire(x: Tensor, spikes: Tensor, thresholds: Sequence[float], decay: float) -> None:
    """Write o [T, n] for x [T, n], both contiguous."""
    from snnhw.nn.kernels.mlf_triton import fire_kernel

    steps, n = x.shape
    constants = numbers(tuple(thresholds), decay, 1.0, x.dtype, x.device)
    with torch.cuda.device_of(x):  # type: ignore[no-untyped-call]
        fire_kernel[_programs(n)](
            x, spikes, constants, n, steps, K=len(thresholds), BLOCK=BLOCK, enable_fp_fusion=False
        )


def fire_backward(
    x: Tensor, g: Tensor, grad_x: Tensor, thresholds: Sequence[float], decay: float, width: float
) -> None:
    """Write dL/dx [T, n] for x and g = dL/do [T, n], all contiguous."""
    from snnhw.nn.kernels.mlf_triton import fire_backward_kernel

    steps, n = x.shape
    constants = numbers(tuple(thresholds), decay, width, x.dtype, x.device)
    segments = -(-steps // MOST_HELD)
    held = -(-steps // segments)
    with torch.cuda.device_of(x):  # type: ignore[no-untyped-call]
        fire_backward_kernel[_programs(n)](
            x,
            g,
            grad_x,
            constants,
            n,
            steps,
            segments,
            K=len(thresholds),
            SEGMENT=held,
            BLOCK=BLOCK,
            enable_fp_fusion=False,
        )


def _programs(n: int) -> tuple[int]:
    return (-(-n // BLOCK),)


@cache
def _installed() -> bool:
    if os.environ.get("SNNHW_TRITON") == "0":
        return False
    try:
        release = version("triton")
    except PackageNotFoundError:
        return False
    return tuple(int(part) for part in release.split(".")[:2]) >= OLDEST


@cache
def numbers(
    thresholds: tuple[float, ...], decay: float, width: float, dtype: torch.dtype, device: torch.device
) -> Tensor:
    """Decay, slope, then theta, low and high end of the support of each level, kept on the device."""
    levels = [number for theta in thresholds for number in (theta, *support(theta, width, dtype))]
    return torch.tensor([decay, slope(width, dtype), *levels], dtype=dtype, device=device)
