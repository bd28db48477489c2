"""Images of another size, for epochs that see small ones."""

from __future__ import annotations

from torch import Tensor, nn


def resized(x: Tensor, pixels: int) -> Tensor:
    """Images [B, C, H, W] or [B, T, C, H, W] with their width and height scaled alike."""
    if x.shape[-1] == pixels:
        return x
    frames = x.reshape(-1, *x.shape[-3:])
    height = max(1, round(x.shape[-2] * pixels / x.shape[-1]))
    frames = nn.functional.interpolate(frames, (height, pixels), mode="bilinear", antialias=True, align_corners=False)
    return frames.reshape(*x.shape[:-2], height, pixels)
