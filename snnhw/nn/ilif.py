"""The integer neuron I-LIF (Luo et al., ECCV 2024, section 3.3; Spike-driven Transformer V3, Yao et al., 2025).

    u[t] = decay * (u[t-1] - theta * s[t-1]) + x[t];   s[t] = clip(round(u[t] / theta), 0, D), half to even
Backward: ds/du = 1/theta where 0 <= u <= D theta, else 0 (straight through); the reset is detached, as in the authors'
code. The forward compares with one threshold for each integer, which is the same in float32 (`graph/ilif.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from snnhw.errors import InputError
from snnhw.graph.ilif import nearest

MOST_LEVELS = 255  # that a record of spikes and a message of 8 bits hold


class ILIF(nn.Module):
    """Integer leaky integrate-and-fire neurons: one membrane each, which sends 0..D in a step.

    Args:
        levels: D, the largest integer.
        threshold: theta, what an integer is worth in the membrane; rounded to float32 once.
        decay: share of the membrane that is left after a step, 0..1.
        timesteps: T; the leading dimension of the input is T*B, time-major.
    """

    def __init__(self, levels: int = 4, threshold: float = 1.0, decay: float = 0.25, timesteps: int = 4) -> None:
        super().__init__()
        self.levels = int(levels)
        self.threshold = float(np.float32(threshold))
        self.decay = float(decay)
        self.timesteps = int(timesteps)
        if not 1 <= self.levels <= MOST_LEVELS:
            raise InputError(f"ILIF has {levels} levels; give 1 to {MOST_LEVELS}.")
        if not 0.0 < self.threshold < np.inf:
            raise InputError(f"ILIF threshold is {threshold}; give a number above 0.")
        if not 0.0 <= self.decay <= 1.0:
            raise InputError(f"ILIF decay is {decay}; give a number from 0 to 1.")
        if self.timesteps < 1:
            raise InputError(f"ILIF lasts {timesteps} time steps; give at least 1.")
        self.thresholds = nearest(self.levels, self.threshold)

    @property
    def tdbn_factor(self) -> float:
        """What an integer is worth in the membrane: the factor of a tdBN before it."""
        return self.threshold

    def forward(self, x: Tensor) -> Tensor:
        """Integers 0..D in the dtype and shape of x [T*B, ...], rows t*B .. (t+1)*B-1 being step t.

        Raises:
            InputError: the leading dimension is not a multiple of T.
        """
        if x.shape[0] % self.timesteps:
            raise InputError(
                f"ILIF got {x.shape[0]} rows for {self.timesteps} time steps; give [T*B, ...] with the T of the unit."
            )
        sent: Tensor = _Integers.apply(x, self)  # type: ignore[no-untyped-call]
        return sent

    def by_level(self, x: Tensor, sent: Tensor) -> Iterator[Tensor]:
        """[sent >= 1], ... [sent >= D] in the shape of `sent` [T*B, ...]: level v is what brings the integer to v."""
        for value in range(1, self.levels + 1):
            yield (sent.detach() >= value).to(sent.dtype)

    def extra_repr(self) -> str:
        """Shown by print(network)."""
        return f"levels={self.levels}, threshold={self.threshold}, decay={self.decay}, timesteps={self.timesteps}"


class _Integers(torch.autograd.Function):
    """Forward over the steps; keeps which membranes let gradients through, one byte each."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, unit: ILIF) -> Tensor:
        wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
        steps = wide.reshape(unit.timesteps, -1, *x.shape[1:])
        sent, passes = torch.empty_like(steps), torch.empty_like(steps, dtype=torch.bool)
        carried = torch.zeros_like(steps[0])
        for t, current in enumerate(steps):
            u = unit.decay * carried + current
            sent[t] = sum((u > theta).to(u.dtype) for theta in unit.thresholds)
            passes[t] = (u >= 0) & (u <= unit.levels * unit.threshold)
            carried = u - unit.threshold * sent[t]
        ctx.save_for_backward(passes)
        ctx.unit = unit
        return sent.reshape(x.shape).to(x.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_sent: Tensor) -> tuple[Tensor, None]:
        (passes,), unit = ctx.saved_tensors, ctx.unit
        g = grad_sent.reshape(passes.shape)
        g = g.float() if g.dtype in (torch.float16, torch.bfloat16) else g
        through = passes * g / unit.threshold
        for t in range(unit.timesteps - 2, -1, -1):
            through[t] += unit.decay * through[t + 1]  # du[t+1]/du[t] with the reset detached
        return through.reshape(grad_sent.shape).to(grad_sent.dtype), None
