"""Augmentation of a batch [B, C, H, W] or [B, T, C, H, W]: the same seed gives the same pictures, on any device.

Random numbers are drawn on the CPU, from one generator, and applied where the batch lies. All frames of a sample move
together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from snnhw.errors import unknown

Draws = Mapping[str, Tensor]  # by the name of the augmentation, a row for each sample


@dataclass(frozen=True)
class Augmentation:
    """One kind of change, of an amount that the recipe says.

    Attributes:
        draw: (shape of the batch, amount, generator) -> a row of random numbers for each sample, on the CPU.
        apply: (batch, amount, those rows) -> the batch, changed on its own device.
    """

    draw: Callable[[Sequence[int], float, Generator], Tensor]
    apply: Callable[[Tensor, float, Tensor], Tensor]


def draw_shift(shape: Sequence[int], pixels: float, generator: Generator) -> Tensor:
    """Up to `pixels` whole pixels down and to the right, negative for up and left, [B, 2]."""
    reach = int(pixels)
    return torch.randint(-reach, reach + 1, (shape[0], 2), generator=generator)


def shift(x: Tensor, pixels: float, offset: Tensor) -> Tensor:
    """Each sample moved; zeros fill the border."""
    reach = int(pixels)
    height, width = x.shape[-2:]
    padded = torch.nn.functional.pad(x, (reach,) * 4)
    rows = torch.arange(height, device=x.device) + reach + offset[:, :1]  # [B, H]
    columns = torch.arange(width, device=x.device) + reach + offset[:, 1:]
    samples = torch.arange(len(x), device=x.device)
    flat = padded.flatten(1, -3)  # [B, T*C, H', W']
    moved = flat[samples[:, None, None], :, rows[:, :, None], columns[:, None, :]]  # [B, H, W, T*C]
    return moved.permute(0, 3, 1, 2).reshape(x.shape)


def draw_rotate(shape: Sequence[int], degrees: float, generator: Generator) -> Tensor:
    """Matrices [B, 2, 3] of turns by up to `degrees` either way, scaled by up to a tenth."""
    angle = (torch.rand(shape[0], generator=generator) * 2 - 1) * math.radians(degrees)
    scale = 1 + (torch.rand(shape[0], generator=generator) * 2 - 1) * 0.1
    cosine, sine, zero = angle.cos() * scale, angle.sin() * scale, torch.zeros(shape[0])
    return torch.stack([cosine, -sine, zero, sine, cosine, zero], 1).view(-1, 2, 3)


def rotate(x: Tensor, degrees: float, turn: Tensor) -> Tensor:
    """Each sample turned and scaled, bilinear; zeros fill the border."""
    flat = x.flatten(1, -3)
    grid = torch.nn.functional.affine_grid(turn, list(flat.shape), align_corners=False)
    return torch.nn.functional.grid_sample(flat, grid, align_corners=False).reshape(x.shape)


def draw_flip(shape: Sequence[int], share: float, generator: Generator) -> Tensor:
    """Which samples are mirrored, [B]."""
    return torch.rand(shape[0], generator=generator) < share


def flip(x: Tensor, share: float, chosen: Tensor) -> Tensor:
    """This share of the samples mirrored left to right."""
    return torch.where(chosen.view(-1, *[1] * (x.dim() - 1)), x.flip(-1), x)


def draw_noise(shape: Sequence[int], deviation: float, generator: Generator) -> Tensor:
    """A standard normal number for every pixel."""
    return torch.randn(tuple(shape), generator=generator)


def noise(x: Tensor, deviation: float, normal: Tensor) -> Tensor:
    """Normal noise on every pixel."""
    return x + deviation * normal


def draw_cutout(shape: Sequence[int], side: float, generator: Generator) -> Tensor:
    """Rows and columns of a square at a random place, [B, H + W]."""
    height, width = shape[-2:]
    centre = torch.rand(shape[0], 2, generator=generator)
    rows = (torch.arange(height) - centre[:, :1] * height).abs() < side / 2  # [B, H]
    columns = (torch.arange(width) - centre[:, 1:] * width).abs() < side / 2
    return torch.cat([rows, columns], 1)


def cutout(x: Tensor, side: float, lines: Tensor) -> Tensor:
    """A square of this side set to zero in each sample (DeVries and Taylor, 2017)."""
    height, width = x.shape[-2:]
    hidden = lines[:, :height, None] & lines[:, None, height:]
    return x.masked_fill(hidden.view(len(x), *[1] * (x.dim() - 3), height, width), 0.0)


AUGMENTATIONS: dict[str, Augmentation] = {
    "flip": Augmentation(draw_flip, flip),
    "rotate": Augmentation(draw_rotate, rotate),
    "shift": Augmentation(draw_shift, shift),
    "noise": Augmentation(draw_noise, noise),
    "cutout": Augmentation(draw_cutout, cutout),
}


def draw(shape: Sequence[int], amounts: Mapping[str, float], generator: Generator) -> dict[str, Tensor]:
    """Random numbers of a batch of this shape for the named augmentations, in the order of the table above.

    Raises:
        InputError: an augmentation is unknown.
    """
    for name in amounts:
        if name not in AUGMENTATIONS:
            raise unknown("augmentation", name, AUGMENTATIONS)
    chosen = [name for name in AUGMENTATIONS if amounts.get(name)]
    return {name: AUGMENTATIONS[name].draw(shape, amounts[name], generator) for name in chosen}


def apply(x: Tensor, amounts: Mapping[str, float], draws: Draws) -> Tensor:
    """The batch changed by what was drawn for it."""
    for name, numbers in draws.items():
        x = AUGMENTATIONS[name].apply(x, amounts[name], numbers.to(x.device))
    return x


def augment(x: Tensor, amounts: Mapping[str, float], generator: Generator) -> Tensor:
    """The batch drawn for and changed.

    Raises:
        InputError: an augmentation is unknown.
    """
    return apply(x, amounts, draw(x.shape, amounts, generator))
