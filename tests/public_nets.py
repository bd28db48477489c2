"""Two residual networks in the shapes of public code, with units of our own: SEW-ResNet-18 and MS-ResNet-18.

SEW-ResNet (Fang et al., NeurIPS 2021) fires before the sum: a max pool of spikes behind the stem, blocks
conv-norm-unit-conv-norm-unit plus their input. MS-ResNet (Hu et al., TNNLS 2024) sums what convolutions give: a max
pool of values behind the stem, blocks unit-conv-norm-unit-conv-norm plus their input.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from snnhw.nn.neurons import MLF

WIDTHS = (64, 128, 256, 512)


class SEWBlock(nn.Module):
    """Two layers that fire, and spikes of the input beside them."""

    def __init__(self, into: int, out: int, stride: int, steps: int) -> None:
        super().__init__()
        self.conv1, self.bn1, self.sn1 = (
            nn.Conv2d(into, out, 3, stride, 1, bias=False),
            nn.BatchNorm2d(out),
            unit(steps),
        )
        self.conv2, self.bn2, self.sn2 = nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out), unit(steps)
        self.downsample = None
        if stride > 1 or into != out:
            self.downsample = nn.Sequential(
                nn.Conv2d(into, out, 1, stride, bias=False), nn.BatchNorm2d(out), unit(steps)
            )

    def forward(self, x: Tensor) -> Tensor:
        identity = x
        out = self.sn1(self.bn1(self.conv1(x)))
        out = self.sn2(self.bn2(self.conv2(out)))
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        return out


class MSBlock(nn.Module):
    """Two layers on spikes whose sums are added to the stream."""

    def __init__(self, into: int, out: int, stride: int, steps: int) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            unit(steps),
            nn.Conv2d(into, out, 3, stride, 1, bias=False),
            nn.BatchNorm2d(out),
            unit(steps),
            nn.Conv2d(out, out, 3, 1, 1, bias=False),
            nn.BatchNorm2d(out),
        )
        self.shortcut = nn.Sequential()
        if stride > 1 or into != out:
            self.shortcut = nn.Sequential(
                nn.AvgPool2d(stride), nn.Conv2d(into, out, 1, bias=False), nn.BatchNorm2d(out)
            )

    def forward(self, x: Tensor) -> Tensor:
        return self.residual(x) + self.shortcut(x)


class ResNet18(nn.Module):
    """Stem with a max pool, four stages of two blocks, the mean over positions and time."""

    def __init__(self, block: type[nn.Module], widths: tuple[int, ...] = WIDTHS, steps: int = 4) -> None:
        super().__init__()
        self.steps, self.spiking_stem = steps, block is SEWBlock
        self.conv1, self.bn1 = nn.Conv2d(3, widths[0], 7, 2, 3, bias=False), nn.BatchNorm2d(widths[0])
        self.sn1, self.maxpool = unit(steps), nn.MaxPool2d(3, 2, 1)
        stages, into = [], widths[0]
        for i, width in enumerate(widths):
            stages.append(nn.Sequential(block(into, width, 2 if i else 1, steps), block(width, width, 1, steps)))
            into = width
        self.layers = nn.Sequential(*stages)
        self.last = nn.Identity() if self.spiking_stem else unit(steps)
        self.avgpool, self.fc = nn.AdaptiveAvgPool2d((1, 1)), nn.Linear(into, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = x.unsqueeze(0).repeat(self.steps, 1, 1, 1, 1).flatten(0, 1)
        x = self.bn1(self.conv1(x))
        x = self.maxpool(self.sn1(x)) if self.spiking_stem else self.maxpool(x)
        x = self.avgpool(self.last(self.layers(x)))
        x = torch.flatten(x, 1).view(self.steps, -1, self.fc.in_features)
        return self.fc(x.mean(0))


def unit(steps: int) -> MLF:
    return MLF(thresholds=(0.6, 1.6), timesteps=steps)


def random_weights(network: nn.Module, seed: int) -> nn.Module:
    """In evaluation mode, with weights and statistics of norms under which most layers fire."""
    torch.manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, 0.0, 0.5)
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    return network.eval()
