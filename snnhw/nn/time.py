"""How time enters and leaves a network whose layers see [T*B, ...], time-major: rows t*B .. (t+1)*B-1 are step t."""

from __future__ import annotations

from torch import Tensor, nn

from snnhw.errors import InputError


def set_timesteps(network: nn.Module, timesteps: int) -> None:
    """Set T in every module of `network` that has one; no weight depends on T."""
    for module in network.modules():
        if "timesteps" in vars(module):
            vars(module)["timesteps"] = timesteps


STATIC = (2, 4)  # axes of a batch without time: of vectors, of images


class Frames(nn.Module):
    """[B, C, H, W], shown T times, or [T, B, C, H, W] -> [T*B, C, H, W]; of vectors, n stands for C, H, W."""

    def __init__(self, timesteps: int) -> None:
        super().__init__()
        self.timesteps = timesteps

    def forward(self, x: Tensor) -> Tensor:
        """Frames of all steps.

        Raises:
            InputError: x has other numbers of axes, or another number of steps.
        """
        if x.dim() in STATIC:
            return x if self.timesteps == 1 else x.repeat(self.timesteps, *[1] * (x.dim() - 1))
        if x.dim() - 1 not in STATIC or x.shape[0] != self.timesteps:
            raise InputError(
                f"The network lasts {self.timesteps} time steps and got an input of shape {tuple(x.shape)}; "
                f"give [B, C, H, W] or [{self.timesteps}, B, C, H, W], or [B, n] or [{self.timesteps}, B, n]."
            )
        return x.flatten(0, 1)

    def extra_repr(self) -> str:
        """Shown by print(network)."""
        return f"timesteps={self.timesteps}"


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


def time_first(x: Tensor) -> Tensor:
    """Samples [B, C, H, W] or [B, n] as they are, [B, T, C, H, W] as [T, B, C, H, W], [B, T, n] as [T, B, n]."""
    return x if x.dim() in STATIC else x.transpose(0, 1)
