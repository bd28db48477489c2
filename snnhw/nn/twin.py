"""The artificial twin of a spiking network: same topology, ReLU for its neurons, BatchNorm2d for tdBN, one frame."""

from __future__ import annotations

import copy

from torch import nn

from snnhw.nn.norm import TDBatchNorm
from snnhw.nn.resnet import initialise
from snnhw.nn.time import Frames, MeanOverTime
from snnhw.nn.units import SPIKING


def relu_twin(network: nn.Module, timesteps: int = 1) -> nn.Module:
    """Freshly initialised twin of `network`; above one step it sees that many frames and averages its logits."""
    twin = copy.deepcopy(network)
    for parent in twin.modules():
        for name, child in parent.named_children():
            if isinstance(child, SPIKING):
                setattr(parent, name, nn.ReLU())
            elif isinstance(child, TDBatchNorm):
                setattr(parent, name, nn.BatchNorm2d(child.channels, affine=child.affine))
            elif isinstance(child, Frames | MeanOverTime):
                child.timesteps = timesteps
            elif isinstance(child, nn.Conv2d | nn.Linear):
                child.reset_parameters()
    initialise(twin)
    return twin
