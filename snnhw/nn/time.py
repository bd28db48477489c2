"""How time enters and leaves a network whose layers see [T*B, ...], time-major: rows t*B .. (t+1)*B-1 are step t."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from snnhw.errors import InputError


class Frames(nn.Module):
    """[B, C, H, W], shown T times, or [T, B, C, H, W] -> [T*B, C, H, W]."""

    def __init__(self, timesteps: int) -> None:
        super().__init__()
        self.timesteps = timesteps

    def forward(self, x: Tensor) -> Tensor:
        """Frames of all steps.

        Raises:
            InputError: x has neither four nor five axes, or another number of steps.
        """
        if x.dim() == 4:
            return _channels_last(x.repeat(self.timesteps, 1, 1, 1))
        if x.dim() != 5 or x.shape[0] != self.timesteps:
            raise InputError(
                f"The network lasts {self.timesteps} time steps and got an input of shape {tuple(x.shape)}; "
                f"give [B, C, H, W] or [{self.timesteps}, B, C, H, W]."
            )
        return _channels_last(x.flatten(0, 1))

    def extra_repr(self) -> str:
        """Shown by print(network)."""
        return f"timesteps={self.timesteps}"


def _channels_last(x: Tensor) -> Tensor:
    """Same values with channels innermost in memory, the order in which convolution and norms run faster."""
    return x.contiguous(memory_format=torch.channels_last)


class MeanOverTime(nn.Module):
    """[T*B, n] -> [B, n], the mean over the steps."""

    def __init__(self, timesteps: int) -> None:
        super().__init__()
        self.timesteps = timesteps

    def forward(self, x: Tensor) -> Tensor:
        """Mean of the rows t*B + b over t."""
        return x.reshape(self.timesteps, -1, *x.shape[1:]).mean(0)

    def extra_repr(self) -> str:
        """Shown by print(network)."""
        return f"timesteps={self.timesteps}"
