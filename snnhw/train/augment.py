"""Augmentation of a batch [B, C, H, W] or [B, T, C, H, W] from a generator: the same seed gives the same pictures.

All frames of a sample move together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import Generator, Tensor

from snnhw.errors import unknown


def shift(x: Tensor, pixels: float, generator: Generator) -> Tensor:
    """Each sample moved by up to `pixels` whole pixels up, down, left and right; zeros fill the border."""
    reach = int(pixels)
    offset = torch.randint(-reach, reach + 1, (len(x), 2), generator=generator)
    height, width = x.shape[-2:]
    padded = torch.nn.functional.pad(x, (reach,) * 4)
    rows = (torch.arange(height) + reach + offset[:, :1]).to(x.device)  # [B, H]
    columns = (torch.arange(width) + reach + offset[:, 1:]).to(x.device)
    samples = torch.arange(len(x), device=x.device)
    flat = padded.flatten(1, -3)  # [B, T*C, H', W']
    moved = flat[samples[:, None, None], :, rows[:, :, None], columns[:, None, :]]  # [B, H, W, T*C]
    return moved.permute(0, 3, 1, 2).reshape(x.shape)


def rotate(x: Tensor, degrees: float, generator: Generator) -> Tensor:
    """Each sample turned by up to `degrees` either way and scaled by up to a tenth, bilinear; zeros fill the border."""
    angle = (torch.rand(len(x), generator=generator) * 2 - 1) * math.radians(degrees)
    scale = 1 + (torch.rand(len(x), generator=generator) * 2 - 1) * 0.1
    cosine, sine, zero = angle.cos() * scale, angle.sin() * scale, torch.zeros(len(x))
    turn = torch.stack([cosine, -sine, zero, sine, cosine, zero], 1).view(-1, 2, 3).to(x.device)
    flat = x.flatten(1, -3)
    grid = torch.nn.functional.affine_grid(turn, list(flat.shape), align_corners=False)
    return torch.nn.functional.grid_sample(flat, grid, align_corners=False).reshape(x.shape)


def flip(x: Tensor, share: float, generator: Generator) -> Tensor:
    """This share of the samples mirrored left to right."""
    chosen = (torch.rand(len(x), generator=generator) < share).to(x.device)
    return torch.where(chosen.view(-1, *[1] * (x.dim() - 1)), x.flip(-1), x)


def noise(x: Tensor, deviation: float, generator: Generator) -> Tensor:
    """Normal noise on every pixel."""
    return x + deviation * torch.randn(x.shape, generator=generator).to(x.device)


def cutout(x: Tensor, side: float, generator: Generator) -> Tensor:
    """A square of this side set to zero at a random place of each sample (DeVries and Taylor, 2017)."""
    height, width = x.shape[-2:]
    centre = torch.rand(len(x), 2, generator=generator)
    rows = (torch.arange(height) - centre[:, :1] * height).abs() < side / 2  # [B, H]
    columns = (torch.arange(width) - centre[:, 1:] * width).abs() < side / 2
    hidden = (rows[:, :, None] & columns[:, None, :]).to(x.device)
    return x.masked_fill(hidden.view(len(x), *[1] * (x.dim() - 3), height, width), 0.0)


AUGMENTATIONS: dict[str, Callable[[Tensor, float, Generator], Tensor]] = {
    "flip": flip,
    "rotate": rotate,
    "shift": shift,
    "noise": noise,
    "cutout": cutout,
}


def augment(x: Tensor, amounts: Mapping[str, float], generator: Generator) -> Tensor:
    """Apply the named augmentations, in the order of the table above.

    Raises:
        InputError: an augmentation is unknown.
    """
    for name in amounts:
        if name not in AUGMENTATIONS:
            raise unknown("augmentation", name, AUGMENTATIONS)
    for name, change in AUGMENTATIONS.items():
        if amounts.get(name):
            x = change(x, amounts[name], generator)
    return x
