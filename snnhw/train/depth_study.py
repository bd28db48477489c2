"""DS-ResNet against plain ResNet at several depths and K: the claims of Feng et al. (IJCAI 2022) at small scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from snnhw.data.samples import Samples
from snnhw.nn.models import build
from snnhw.nn.time import time_first
from snnhw.train.batches import tensors
from snnhw.train.diagnose import diagnose

THRESHOLDS = (0.6, 1.6, 2.6)  # of the paper; K takes the first K
RATE, MOMENTUM, BATCH = 0.05, 0.9, 64  # of the training, the same for every network


@dataclass(frozen=True)
class DepthRow:
    """A network of the study; the quantities are those of `snnhw.train.diagnose`."""

    kind: str  # "ds" or "plain"
    levels: int
    depth: int
    loss: float
    dormant: float
    without_gradient: float
    cut: float
    residual_gain: float
    gradient_decay: float


@dataclass(frozen=True)
class Study:
    """Which networks are compared, and how they are trained and measured."""

    depths: Sequence[int] = (14, 32)  # of 8, 14, 20, 32, 44 and 68
    levels: Sequence[int] = (1, 2, 3)  # K, at most 3
    widths: Sequence[int] = (8, 16, 32)  # channels of the three stages
    samples: int = 32  # batch size of the measurement
    epochs: int = 0  # of training before it, with SGD; 0 measures networks as they are initialised
    seed: int = 0  # of the weights and the order of the samples; the same for every network


STUDY = Study()


def depth_study(data: Samples, study: Study = STUDY) -> tuple[DepthRow, ...]:
    """Dormancy and gradients of DS-ResNet and plain ResNet, for each depth and K.

    The networks are trained on all samples and measured on the first ones. Events keep their T, images last 4 steps.

    Raises:
        InputError: there is no network of such a depth.
    """
    steps = {"timesteps": data.values.shape[1]} if data.values.ndim == 5 else {}
    rows = []
    for depth in study.depths:
        for kind, family in (("ds", "ds_resnet"), ("plain", "spiking_resnet")):
            for count in study.levels:
                torch.manual_seed(study.seed)
                network = build(
                    f"{family}{depth}",
                    widths=tuple(study.widths),
                    in_channels=data.values.shape[-3],
                    classes=data.class_count(),
                    thresholds=THRESHOLDS[:count],
                    **steps,
                )
                _train(network, data, study.epochs)
                diagnosis = diagnose(network, data, study.samples)
                rows.append(
                    DepthRow(
                        kind=kind,
                        levels=count,
                        depth=depth,
                        loss=diagnosis.loss,
                        dormant=diagnosis.dormant,
                        without_gradient=diagnosis.without_gradient,
                        cut=diagnosis.cut or 0.0,
                        residual_gain=diagnosis.residual_gain or 0.0,
                        gradient_decay=diagnosis.gradient_decay,
                    )
                )
    return tuple(rows)


def _train(network: nn.Module, data: Samples, epochs: int) -> None:
    """Mean-logit cross-entropy at a constant rate."""
    optimiser = torch.optim.SGD(network.parameters(), RATE, MOMENTUM)
    inputs, targets = tensors(data)
    network.train()
    for _ in range(epochs):
        for index in torch.split(torch.randperm(len(data)), BATCH):
            optimiser.zero_grad()
            loss = cross_entropy(network(time_first(inputs[index])), targets[index])
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
