"""DS-ResNet against plain ResNet at several depths and K: the claims of Feng et al. (IJCAI 2022) at small scale."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from snnhw.data.datasets import Dataset
from snnhw.nn.models import build
from snnhw.nn.time import time_first
from snnhw.train.diagnose import diagnose

THRESHOLDS = (0.6, 1.6, 2.6)  # of the paper; K takes the first K
RATE, MOMENTUM, BATCH = 0.05, 0.9, 64  # of the training, the same for every network


@dataclass(frozen=True)
class DepthRow:
    """A network of the study; see `snnhw.train.diagnose` for what the quantities are."""

    kind: str  # "ds" or "plain"
    levels: int
    depth: int
    loss: float
    dormant: float
    without_gradient: float
    cut: float
    residual_gain: float
    gradient_decay: float


def depth_study(
    data: Dataset,
    depths: Iterable[int] = (14, 32),
    levels: Iterable[int] = (1, 2, 3),
    widths: Sequence[int] = (8, 16, 32),
    samples: int = 32,
    epochs: int = 0,
    seed: int = 0,
) -> tuple[DepthRow, ...]:
    """Dormancy and gradients of DS-ResNet and plain ResNet, for each depth and K.

    Args:
        data: trained on as a whole; the first `samples` samples are measured. Events keep their T, images last 4 steps.
        depths: of 8, 14, 20, 32, 44 and 68.
        levels: K, at most 3.
        widths: channels of the three stages.
        samples: batch size of the measurement.
        epochs: of training before it, with SGD; 0 measures networks as they are initialised.
        seed: of the weights and the order of the samples; the same for every network.

    Raises:
        InputError: there is no network of such a depth.
    """
    steps = {"timesteps": data.inputs.shape[1]} if data.inputs.ndim == 5 else {}
    rows = []
    for depth in depths:
        for kind, family in (("ds", "ds_resnet"), ("plain", "spiking_resnet")):
            for count in levels:
                torch.manual_seed(seed)
                network = build(
                    f"{family}{depth}",
                    widths=tuple(widths),
                    in_channels=data.inputs.shape[-3],
                    classes=data.classes,
                    thresholds=THRESHOLDS[:count],
                    **steps,
                )
                _train(network, data, epochs)
                found = diagnose(network, data, samples)
                rows.append(
                    DepthRow(
                        kind=kind,
                        levels=count,
                        depth=depth,
                        loss=found.loss,
                        dormant=found.dormant,
                        without_gradient=found.without_gradient,
                        cut=found.cut or 0.0,
                        residual_gain=found.residual_gain or 0.0,
                        gradient_decay=found.gradient_decay,
                    )
                )
    return tuple(rows)


def _train(network: nn.Module, data: Dataset, epochs: int) -> None:
    """Mean-logit cross-entropy at a constant rate."""
    optimiser = torch.optim.SGD(network.parameters(), RATE, MOMENTUM)
    inputs, targets = torch.from_numpy(data.inputs), torch.from_numpy(data.targets)
    network.train()
    for _ in range(epochs):
        for index in torch.split(torch.randperm(len(data)), BATCH):
            optimiser.zero_grad()
            loss = cross_entropy(network(time_first(inputs[index])), targets[index])
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
