"""Numbers of the MLF unit as the loops compare with them, rounded to the precision of the tensors they work on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

SMALLEST_DEVIATION = 1e-20  # keeps r / sigma finite in a channel that is constant, where its factor x - mean is 0


class Affine(NamedTuple):
    """Numbers [C] of y = (x - mean) * scale + shift."""

    mean: Tensor
    scale: Tensor
    shift: Tensor


class Channels(NamedTuple):
    """What a tdBN has of each channel, [C], and its constants; see `snnhw.nn.TDBatchNorm`."""

    gamma: Tensor
    beta: Tensor
    running_mean: Tensor
    running_var: Tensor
    factor: float
    eps: float
    momentum: float


class Recurrence(NamedTuple):
    """The numbers of a unit; see `snnhw.nn.MLF`."""

    thresholds: tuple[float, ...]
    decay: float
    surrogate_width: float
    timesteps: int


def next_above(theta: float, dtype: torch.dtype) -> float:
    """Smallest number of `dtype` above theta: u < it exactly when not u > theta."""
    kind = _kind(dtype)
    return float(np.nextafter(kind(theta), kind(np.inf)))


def support(theta: float, width: float, dtype: torch.dtype) -> tuple[float, float]:
    """Ends of the surrogate's rectangle around theta, which do not belong to it."""
    kind = _kind(dtype)
    half = kind(width) / kind(2)
    return float(kind(theta) - half), float(kind(theta) + half)


def slope(width: float, dtype: torch.dtype) -> float:
    """Height 1/a of the rectangle."""
    kind = _kind(dtype)
    return float(kind(1) / kind(width))


def _kind(dtype: torch.dtype) -> type[np.float32] | type[np.float64]:
    return np.float64 if dtype == torch.float64 else np.float32
