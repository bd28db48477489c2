"""The multi-level-firing (MLF) unit and its fused forward and backward (Feng et al., IJCAI 2022).

For level k with threshold theta_k and the same input x for every level:
    u_k[t] = decay * u_k[t-1] * (1 - s_k[t-1]) + x[t];  s_k[t] = u_k[t] > theta_k (strict);  o[t] = sum_k s_k[t]
Backward: ds_k/du_k = 1/a where |u_k - theta_k| < a/2, else 0 (a: surrogate width), and the reset is not detached.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from snnhw.errors import InputError
from snnhw.nn.kernels import loops_for
from snnhw.nn.kernels.constants import Recurrence


class MLF(nn.Module):
    """K hard-reset LIF neurons on one input; sends the number of levels that fire.

    Args:
        thresholds: one firing threshold per level, ascending; each is rounded to float32 once, so that runs in float32
            and in float64 compare with the same number.
        decay: share of the membrane that is left after a step without a spike, 0..1.
        surrogate_width: width a of the rectangle that stands in for the derivative of the step.
        timesteps: T; the leading dimension of the input is T*B, time-major.
    """

    def __init__(
        self,
        thresholds: Sequence[float] = (0.6, 1.6, 2.6),
        decay: float = 0.25,
        surrogate_width: float = 1.0,
        timesteps: int = 4,
    ) -> None:
        super().__init__()
        self.thresholds = tuple(float(np.float32(theta)) for theta in thresholds)
        self.decay = float(decay)
        self.surrogate_width = float(surrogate_width)
        self.timesteps = int(timesteps)
        ascending = all(a < b for a, b in pairwise(self.thresholds))
        if not self.thresholds or not ascending or not np.isfinite(self.thresholds).all():
            raise InputError(f"MLF thresholds are {list(thresholds)}; give at least one number, in ascending order.")
        if not 0.0 <= self.decay <= 1.0:
            raise InputError(f"MLF decay is {decay}; give a number from 0 to 1.")
        if not 0.0 < self.surrogate_width < np.inf:
            raise InputError(f"MLF surrogate width is {surrogate_width}; give a number above 0.")
        if self.timesteps < 1:
            raise InputError(f"MLF lasts {timesteps} time steps; give at least 1.")

    @property
    def levels(self) -> int:
        """K, the number of thresholds."""
        return len(self.thresholds)

    @property
    def tdbn_factor(self) -> float:
        """The first threshold: the factor of a tdBN before it."""
        return self.thresholds[0]

    def forward(self, x: Tensor) -> Tensor:
        """Integers 0..K in the dtype and shape of x [T*B, ...], rows t*B .. (t+1)*B-1 being step t.

        Raises:
            InputError: the leading dimension is not a multiple of T.
        """
        spikes: Tensor = _FusedMLF.apply(x, self.recurrence(x))  # type: ignore[no-untyped-call]
        return spikes

    def recurrence(self, x: Tensor) -> Recurrence:
        """The numbers of the unit, for x [T*B, ...].

        Raises:
            InputError: the leading dimension is not a multiple of T.
        """
        if x.shape[0] % self.timesteps:
            raise InputError(
                f"MLF got {x.shape[0]} rows for {self.timesteps} time steps; give [T*B, ...] with the T of the unit."
            )
        return Recurrence(self.thresholds, self.decay, self.surrogate_width, self.timesteps)

    def by_level(self, x: Tensor, sent: Tensor) -> Iterator[Tensor]:
        """s_1, s_2, ... s_K, each 0 or 1 in the shape of x [T*B, ...], of x and the `sent` that it led to; no gradient.

        Every level has a membrane of its own, so `sent` alone does not say which levels fired.
        """
        whole = self.recurrence(x)
        for theta in self.thresholds:
            yield sent if self.levels == 1 else fire(x.detach(), whole._replace(thresholds=(theta,)))

    def extra_repr(self) -> str:
        """Shown by print(network)."""
        return f"thresholds={self.thresholds}, decay={self.decay}, timesteps={self.timesteps}"


class _FusedMLF(torch.autograd.Function):
    """All levels in one walk over time; keeps the input alone and walks again in backward."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, unit: Recurrence) -> Tensor:
        ctx.save_for_backward(x)
        ctx.unit = unit
        return fire(x, unit)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_spikes: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        return fire_backward(x, grad_spikes, ctx.unit), None


def shortest(theta: float) -> float:
    """The number with the fewest digits that rounds to the same float32, as a threshold is written by people."""
    return float(str(np.float32(theta)))


def fire_levels(x: Tensor, unit: Recurrence) -> tuple[Tensor, ...]:
    """s_1 .. s_K of x [T*B, ...], each with the gradient of its level alone; their sum is what the unit sends."""
    alone = (unit._replace(thresholds=(theta,)) for theta in unit.thresholds)
    return tuple(_FusedMLF.apply(x, level) for level in alone)  # type: ignore[no-untyped-call]


def fire(x: Tensor, unit: Recurrence) -> Tensor:
    """Spikes of x [T*B, ...]."""
    steps = _by_step(x, unit.timesteps)  # [T, n]
    spikes = torch.empty_like(steps)
    loops_for(steps).fire(steps, spikes, unit.thresholds, unit.decay)
    return _like(spikes, x)


def fire_backward(x: Tensor, grad_spikes: Tensor, unit: Recurrence) -> Tensor:
    """dL/dx from x and dL/do, both [T*B, ...]."""
    steps = _by_step(x, unit.timesteps)
    grads = _by_step(_same_layout(grad_spikes, x), unit.timesteps)
    grad_steps = torch.empty_like(steps)
    loops_for(steps).fire_backward(steps, grads, grad_steps, unit.thresholds, unit.decay, unit.surrogate_width)
    return _like(grad_steps, x)


def _by_step(x: Tensor, timesteps: int) -> Tensor:
    """[T*B, ...] as [T, n], a view where memory allows; low precision is widened so that membranes stay float32."""
    if x.dtype in (torch.float16, torch.bfloat16):
        x = x.float()
    if x.dim() == 4 and x.is_contiguous(memory_format=torch.channels_last):
        x = x.permute(0, 2, 3, 1)
    return x.reshape(timesteps, x.numel() // timesteps).contiguous()


def _like(steps: Tensor, x: Tensor) -> Tensor:
    """[T, n] back in the shape, memory order and dtype of x."""
    if x.dim() == 4 and x.is_contiguous(memory_format=torch.channels_last):
        rows, channels, height, width = x.shape
        steps = steps.view(rows, height, width, channels).permute(0, 3, 1, 2)
    return steps.reshape(x.shape).to(x.dtype)


def _same_layout(g: Tensor, x: Tensor) -> Tensor:
    channels_last = x.dim() == 4 and x.is_contiguous(memory_format=torch.channels_last)
    return g.contiguous(memory_format=torch.channels_last if channels_last else torch.contiguous_format)
