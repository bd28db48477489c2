"""Spiking VGG16 with MLF units (Simonyan and Zisserman, 2015; spiking form of Feng et al., IJCAI 2022).

Thirteen 3x3 convolutions with bias, tdBN and MLF, average pooling after each group, three linear layers.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from snnhw.errors import InputError
from snnhw.nn.resnet import ConvUnit
from snnhw.nn.time import Frames, MeanOverTime
from snnhw.nn.units import AS_ALL, UNITS, NeuronKind, Unit, set_thresholds

GROUPS = (2, 2, 3, 3, 3)


class VGG16(nn.Module):
    """VGG16 for images whose sides are 32 (five poolings by two); weights start as torch's do, as in the authors' code.

    Args:
        in_channels: channels of the input.
        classes: number of logits.
        width: channels of the first group; the others have 2, 4, 8 and 8 times as many.
        hidden: neurons of the two hidden linear layers.
        thresholds: of the MLF units, see `MLF`; the first is also the factor of every tdBN.
        decay: of the units.
        surrogate_width: of the MLF units.
        timesteps: T.
        dropout: share of hidden spikes dropped in training.
        neuron: "mlf", or "ilif" for integer neurons (`ILIF`) with threshold 1, which is then the factor of every tdBN.
        levels: D of the integer neurons.
        thresholds_of: of single MLF units, by module path such as "features.conv1_1.mlf", in place of `thresholds`.
    """

    def __init__(
        self,
        in_channels: int = 3,
        classes: int = 10,
        width: int = 64,
        hidden: Sequence[int] = (512, 256),
        thresholds: Sequence[float] = (0.6, 1.6, 2.6),
        decay: float = 0.25,
        surrogate_width: float = 1.0,
        timesteps: int = 4,
        dropout: float = 0.25,
        neuron: NeuronKind = "mlf",
        levels: int = 4,
        thresholds_of: Mapping[str, Sequence[float]] = AS_ALL,
    ) -> None:
        super().__init__()
        if neuron not in UNITS:
            raise InputError(f"neuron is {neuron!r}; give {' or '.join(map(repr, UNITS))}.")
        self.in_channels, self.classes, self.timesteps = in_channels, classes, timesteps
        unit = Unit(neuron, thresholds, levels, decay, surrogate_width, timesteps).made
        self.frames = Frames(timesteps)
        features, channels = OrderedDict[str, nn.Module](), in_channels
        for g, depth in enumerate(GROUPS):
            out = width * min(2**g, 8)
            for c in range(depth):
                features[f"conv{g + 1}_{c + 1}"] = ConvUnit((channels, out), 3, 1, unit, bias=True)
                channels = out
            features[f"pool{g + 1}"] = nn.AvgPool2d(2)
        self.features = nn.Sequential(features)
        self.flatten = nn.Flatten()
        hidden_layers = OrderedDict[str, nn.Module]()
        for h, neurons in enumerate(hidden, start=1):
            hidden_layers[f"fc{h}"] = nn.Linear(channels, neurons)
            hidden_layers[f"fc{h}_mlf"] = unit()
            hidden_layers[f"fc{h}_dropout"] = nn.Dropout(dropout)
            channels = neurons
        self.hidden = nn.Sequential(hidden_layers)
        self.head = nn.Linear(channels, classes)
        self.readout = MeanOverTime(timesteps)
        set_thresholds(self, thresholds_of)

    def by_step(self, x: Tensor) -> Tensor:
        """Logits of every step, [T*B, classes], of x [B, C, 32, 32] (static, shown T times) or [T, B, C, 32, 32]."""
        logits: Tensor = self.head(self.hidden(self.flatten(self.features(self.frames(x)))))
        return logits

    def forward(self, x: Tensor) -> Tensor:
        """Logits [B, classes], the mean of `by_step` over time."""
        logits: Tensor = self.readout(self.by_step(x))
        return logits
