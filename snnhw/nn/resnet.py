"""Spiking DS-ResNet and the plain spiking ResNet (Feng et al., IJCAI 2022), any width, depth, K, T.

DS block:     MLF(norm(conv(MLF(norm(conv x))))) + shortcut(x)     fires before the sum, which stays integer
Plain block:  MLF(norm(conv(MLF(norm(conv x)))) + shortcut(x))
The shortcut is the identity, or conv1x1/2 + norm (+ MLF in a DS block) where the shape changes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from snnhw.errors import InputError
from snnhw.nn.fused import fire_normalised
from snnhw.nn.ilif import ILIF
from snnhw.nn.neurons import MLF
from snnhw.nn.norm import TDBatchNorm
from snnhw.nn.time import Frames, MeanOverTime
from snnhw.nn.units import AS_ALL, UNITS, NeuronKind, Unit, set_thresholds

BlockKind = Literal["ds", "plain"]
Neuron = Callable[[], MLF | ILIF]


class ConvUnit(nn.Module):
    """Convolution, tdBN and, unless `fires` is False, an MLF unit."""

    def __init__(
        self,
        channels: tuple[int, int],
        kernel: int,
        stride: int,
        neuron: Neuron,
        fires: bool = True,
        bias: bool = False,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(*channels, kernel, stride, kernel // 2, bias=bias)
        unit = neuron()
        self.norm = TDBatchNorm(channels[1], factor=unit.tdbn_factor)
        self.mlf: nn.Module | None = unit if fires else None

    def forward(self, x: Tensor) -> Tensor:
        """Spikes, or normalised potentials, [T*B, channels[1], H', W']."""
        y: Tensor = self.conv(x)
        return self.norm(y) if self.mlf is None else fire_normalised(self.norm, self.mlf, y)


class Block(nn.Module):
    """Residual block; `kind` says on which side of the sum the second unit fires."""

    def __init__(
        self, channels: tuple[int, int], stride: int, kind: BlockKind, neuron: Callable[[], MLF | ILIF]
    ) -> None:
        super().__init__()
        self.kind = kind
        self.conv1 = nn.Conv2d(*channels, 3, stride, 1, bias=False)
        self.norm1 = TDBatchNorm(channels[1], factor=neuron().tdbn_factor)
        self.mlf1: nn.Module = neuron()
        self.conv2 = nn.Conv2d(channels[1], channels[1], 3, 1, 1, bias=False)
        self.norm2 = TDBatchNorm(channels[1], factor=neuron().tdbn_factor)
        self.mlf2: nn.Module = neuron()
        same = channels[0] == channels[1] and stride == 1
        self.shortcut = None if same else ConvUnit(channels, 1, stride, neuron, fires=kind == "ds")

    def forward(self, x: Tensor) -> Tensor:
        """[T*B, channels[0], H, W] -> [T*B, channels[1], H', W'], integers."""
        y = self.conv2(fire_normalised(self.norm1, self.mlf1, self.conv1(x)))
        ds = self.kind == "ds"
        y = fire_normalised(self.norm2, self.mlf2, y) if ds else self.norm2(y)
        past = x if self.shortcut is None else self.shortcut(x)
        summed: Tensor = y + past if ds else self.mlf2(y + past)
        return summed


class DSResNet(nn.Module):
    """Stem, stages of residual blocks, global average pool and one linear layer whose logits are averaged over T.

    Args:
        in_channels: channels of the input.
        classes: number of logits.
        widths: channels of each stage; stages after the first open with stride 2.
        blocks: residual blocks of each stage.
        thresholds: of the MLF units, see `MLF`; the first is also the factor of every tdBN.
        decay: of the units.
        surrogate_width: of the MLF units.
        timesteps: T.
        input_norm: normalise the input with a tdBN without affine part.
        downsample_sum: "ds" fires before the residual sum, "plain" after it.
        neuron: "mlf", or "ilif" for integer neurons (`ILIF`) with threshold 1, which is then the factor of every tdBN.
        levels: D of the integer neurons.
        stem_stride: of the first convolution; 2 leaves a quarter of the neurons and synapses in every layer behind it.
        thresholds_of: of single MLF units, by module path such as "stem.mlf", in place of `thresholds`.
    """

    def __init__(
        self,
        in_channels: int = 3,
        classes: int = 10,
        widths: Sequence[int] = (16, 32, 64),
        blocks: Sequence[int] = (1, 1, 1),
        thresholds: Sequence[float] = (0.6, 1.6, 2.6),
        decay: float = 0.25,
        surrogate_width: float = 1.0,
        timesteps: int = 4,
        input_norm: bool = False,
        downsample_sum: BlockKind = "ds",
        neuron: NeuronKind = "mlf",
        levels: int = 4,
        stem_stride: int = 1,
        thresholds_of: Mapping[str, Sequence[float]] = AS_ALL,
    ) -> None:
        super().__init__()
        if len(widths) != len(blocks) or not widths:
            raise InputError(
                f"Widths {list(widths)} and blocks {list(blocks)} differ in length; give one of each per stage."
            )
        if not all(isinstance(n, int) and n >= 1 for n in (in_channels, classes, *widths, *blocks)):
            raise InputError(
                f"A DSResNet of {in_channels} channels, {classes} classes, widths {list(widths)} and blocks "
                f"{list(blocks)} cannot be built; give whole numbers of at least 1."
            )
        if downsample_sum not in ("ds", "plain"):
            raise InputError(f"downsample_sum is {downsample_sum!r}; give 'ds' or 'plain'.")
        if stem_stride < 1:
            raise InputError(f"stem_stride is {stem_stride}; give a whole number of at least 1.")
        if neuron not in UNITS:
            raise InputError(f"neuron is {neuron!r}; give {' or '.join(map(repr, UNITS))}.")
        self.in_channels, self.classes, self.timesteps = in_channels, classes, timesteps
        unit = Unit(neuron, thresholds, levels, decay, surrogate_width, timesteps).made
        self.frames = Frames(timesteps)
        self.input_norm = TDBatchNorm(in_channels, unit().tdbn_factor, affine=False) if input_norm else None
        self.stem = ConvUnit((in_channels, widths[0]), 3, stem_stride, unit)
        stages, width = OrderedDict[str, nn.Module](), widths[0]
        for s, (out, depth) in enumerate(zip(widths, blocks, strict=True), start=1):
            for b in range(1, depth + 1):
                opens = s > 1 and b == 1
                stages[f"stage{s}_block{b}"] = Block((width, out), 2 if opens else 1, downsample_sum, unit)
                width = out
        self.stages = nn.Sequential(stages)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.head = nn.Linear(width, classes)
        self.readout = MeanOverTime(timesteps)
        set_thresholds(self, thresholds_of)
        initialise(self)

    def by_step(self, x: Tensor) -> Tensor:
        """Logits of every step, [T*B, classes], of x [B, C, H, W] (static, shown T times) or [T, B, C, H, W]."""
        x = self.frames(x)
        if self.input_norm is not None:
            x = self.input_norm(x)
        logits: Tensor = self.head(self.flatten(self.pool(self.stages(self.stem(x)))))
        return logits

    def forward(self, x: Tensor) -> Tensor:
        """Logits [B, classes], the mean of `by_step` over time."""
        logits: Tensor = self.readout(self.by_step(x))
        return logits


def initialise(network: nn.Module) -> None:
    """He et al. (2015) normal weights for every convolution and linear layer, as in the authors' residual networks."""
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight)
