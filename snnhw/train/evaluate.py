"""Accuracy and loss of a network on a data set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

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
    batch: int | None = None,
    device: torch.device | str = "cpu",
    progress: Callable[[int], None] | None = None,
) -> Evaluation:
    """Run `network` in evaluation mode on all samples; its mode is put back.

    Args:
        network: takes samples [B, C, H, W] or [T, B, C, H, W].
        data: with labels.
        batch: samples at once; None: 256 on the CPU, 1,024 on a GPU.
        device: where the network is.
        progress: called with the number of samples of each batch that was given to the device.

    Raises:
        InputError: the data set is empty or has more classes than the network has logits.
    """
    if not len(data):
        raise InputError(f"Data set {data.name} is empty; give at least one sample.")
    was_training = network.training
    network.eval()
    device = torch.device(device)
    batch = batch or (256 if device.type == "cpu" else 1024)
    correct: list[Tensor] = []
    loss: list[Tensor] = []
    kind = next(network.parameters()).dtype
    with torch.no_grad(), float32_is_float32():
        for start in range(0, len(data), batch):
            x, target = tensors(data, slice(start, start + batch))
            largest = int(target.max())
            x, target = x.to(device, kind), target.to(device)
            logits = network(time_first(x)).float()
            if largest >= logits.shape[1]:
                raise InputError(
                    f"{data.name} has target {largest} and the network {logits.shape[1]} logits; choose data "
                    "of its classes."
                )
            correct.append((logits.argmax(1) == target).sum())
            loss.append(nn.functional.cross_entropy(logits, target, reduction="sum"))
            if progress:
                progress(len(x))
    network.train(was_training)
    hits, lost = sum(int(count) for count in correct), sum(float(part) for part in loss)
    return Evaluation(data.name, len(data), hits, lost / len(data))


@contextmanager
def float32_is_float32() -> Iterator[None]:
    """Convolutions of a GPU multiply float32 as such, not with the 10 bits of TF32: it measures what a CPU does."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before
