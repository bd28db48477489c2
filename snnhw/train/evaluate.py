"""Accuracy and loss of a network on a data set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

import torch
from torch import nn

from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.nn.time import time_first
from snnhw.train.batches import tensors


@dataclass(frozen=True)
class Evaluation:
    """Exact counts, and the mean cross-entropy."""

    data: str
    samples: int
    correct: int
    loss: float

    @property
    def accuracy(self) -> float:
        """Share of samples whose largest logit is the target's."""
        return self.correct / self.samples

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {**asdict(self), "accuracy": self.accuracy}


def evaluate(
    network: nn.Module,
    data: Samples,
    batch: int = 256,
    device: torch.device | str = "cpu",
    progress: Callable[[int], None] | None = None,
) -> Evaluation:
    """Run `network` in evaluation mode on all samples; its mode is put back.

    `progress` is called with the number of samples finished in each batch.

    Raises:
        InputError: the data set is empty or has more classes than the network has logits.
    """
    if not len(data):
        raise InputError(f"Data set {data.name} is empty; give at least one sample.")
    was_training = network.training
    network.eval()
    correct, loss = 0, 0.0
    kind = next(network.parameters()).dtype
    with torch.no_grad():
        for start in range(0, len(data), batch):
            x, target = tensors(data, slice(start, start + batch))
            x, target = x.to(device, kind), target.to(device)
            logits = network(time_first(x)).float()
            if int(target.max()) >= logits.shape[1]:
                raise InputError(
                    f"{data.name} has target {int(target.max())} and the network {logits.shape[1]} logits; choose data "
                    "of its classes."
                )
            correct += int((logits.argmax(1) == target).sum())
            loss += float(nn.functional.cross_entropy(logits, target, reduction="sum"))
            if progress:
                progress(len(x))
    network.train(was_training)
    return Evaluation(data.name, len(data), correct, loss / len(data))
