"""What the networks of one framework need from each other: a case, its own run, and training for a short while."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

Run = Callable[[nn.Module, Tensor], Tensor]  # the network's own way from [T, B, ...] to logits [B, n]


@dataclass
class Case:
    """A network, what enters it, how its framework runs it, and what `snnhw.trace` is told."""

    what: str
    network: nn.Module
    inputs: Tensor  # [T, B, ...], or [B, ...] of a network that shows its input in every step
    run: Run
    told: dict[str, Any] = field(default_factory=dict)


def first(sent: Any) -> Tensor:
    """The value of what a module gives, without its states."""
    return sent[0] if isinstance(sent, tuple) else sent


def in_steps(network: nn.Module, x: Tensor) -> Tensor:
    """One call for each step, states kept in the modules."""
    return torch.stack([first(network(frame)) for frame in x]).mean(0)


def frames(*shape: int, seed: int = 0, high: float = 2.0) -> Tensor:
    """Random inputs."""
    return torch.from_numpy(np.random.default_rng(seed).uniform(0, high, shape).astype(np.float32))


def digits(samples: int) -> tuple[Tensor, Tensor]:
    """The first images of scikit-learn's digits, [N, 1, 8, 8] in 0..1, and their labels."""
    from sklearn.datasets import load_digits

    data = load_digits()
    images = torch.from_numpy(data.images[:samples].astype(np.float32) / 16)[:, None]
    return images, torch.from_numpy(data.target[:samples])


def train(network: nn.Module, logits: Callable[[Tensor], Tensor], seconds: float = 30) -> float:
    """Train on 1,500 digits; gives the accuracy on the 297 others. `logits` starts from a reset network."""
    import time

    images, labels = digits(1797)
    optimiser = torch.optim.Adam(network.parameters(), 2e-3)
    generator = torch.Generator().manual_seed(0)
    end = time.monotonic() + seconds
    network.train()
    while time.monotonic() < end:
        chosen = torch.randint(0, 1500, (64,), generator=generator)
        optimiser.zero_grad()
        nn.functional.cross_entropy(logits(images[chosen]), labels[chosen]).backward()
        optimiser.step()
    network.eval()
    with torch.no_grad():
        return float((logits(images[1500:]).argmax(1) == labels[1500:]).float().mean())
