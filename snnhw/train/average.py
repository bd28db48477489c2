"""Exponential moving average of the weights and statistics of a network over the steps of its training (`ema`).

    a <- a + (1 - d) (w - a) after step n = 0, 1, ...,  d = min(ema, (1 + n) / (10 + n))

The factor of the first steps is smaller, so that the weights from before any training are soon forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Average:
    """The average of a network; the network itself goes on as it is trained.

    Args:
        network: on its device.
        decay: the recipe's `ema`, above 0.
        values: state dict of an average to go on from.
    """

    def __init__(self, network: nn.Module, decay: float, values: Mapping[str, Tensor] | None = None) -> None:
        self.decay = decay
        self._trained = dict(network.state_dict())  # the network's own memory, not copies
        self.values = {name: value.detach().clone() for name, value in self._trained.items()}
        for name, value in (values or {}).items():
            self.values[name].copy_(value)
        numbers = [name for name, value in self._trained.items() if value.is_floating_point()]
        self._averaged = [self.values[name] for name in numbers]
        self._followed = [self._trained[name].detach() for name in numbers]
        self._counted = [name for name in self.values if name not in numbers]  # whole numbers, as of batches seen
        self._share = self._averaged[0].new_zeros(())

    def begin(self, step: int) -> None:
        """What is still to come is step n = `step` of the run."""
        self._share.fill_(1.0 - min(self.decay, (1 + step) / (10 + step)))

    @torch.no_grad()
    def update(self) -> None:
        """Follow the weights by one step; part of what a CUDA graph records."""
        apart = torch._foreach_sub(self._followed, self._averaged)
        torch._foreach_mul_(apart, self._share)
        torch._foreach_add_(self._averaged, apart)
        for name in self._counted:
            self.values[name].copy_(self._trained[name])

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The network with the average as its weights, in the same memory; its own are put back."""
        own = {name: value.detach().clone() for name, value in self._trained.items()}
        self._write(self.values)
        try:
            yield
        finally:
            self._write(own)

    @torch.no_grad()
    def _write(self, values: Mapping[str, Tensor]) -> None:
        for name, value in self._trained.items():
            value.copy_(values[name])
