"""Networks in the shapes of snnTorch's tutorials, written anew: what most of its users start from."""

from __future__ import annotations

from typing import Any

import snntorch as snn
import torch
from snntorch import utils
from torch import Tensor, nn

HIDDEN: dict[str, Any] = {"init_hidden": True}


class Dense(nn.Module):
    """Fully connected, states by hand in a loop, records of spikes and membranes (tutorial 5)."""

    def __init__(self, steps: int, beta: float = 0.95) -> None:
        super().__init__()
        self.steps = steps
        self.fc1, self.lif1 = nn.Linear(784, 1000), snn.Leaky(beta=beta)
        self.fc2, self.lif2 = nn.Linear(1000, 10), snn.Leaky(beta=beta)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Spikes and membranes [T, B, 10] for images as vectors [B, 784]."""
        mem1, mem2 = self.lif1.init_leaky(), self.lif2.init_leaky()
        spk2_rec, mem2_rec = [], []
        for _ in range(self.steps):
            spk1, mem1 = self.lif1(self.fc1(x), mem1)
            spk2, mem2 = self.lif2(self.fc2(spk1), mem2)
            spk2_rec.append(spk2)
            mem2_rec.append(mem2)
        return torch.stack(spk2_rec, dim=0), torch.stack(mem2_rec, dim=0)


class Images(nn.Module):
    """12C5-MP2-64C5-MP2-1024FC10, max pools between convolutions and neurons (tutorial 6)."""

    def __init__(self, steps: int, beta: float = 0.5) -> None:
        super().__init__()
        self.steps = steps
        self.conv1, self.lif1 = nn.Conv2d(1, 12, 5), snn.Leaky(beta=beta)
        self.conv2, self.lif2 = nn.Conv2d(12, 64, 5), snn.Leaky(beta=beta)
        self.fc1, self.lif3 = nn.Linear(64 * 4 * 4, 10), snn.Leaky(beta=beta)
        self.pool = nn.MaxPool2d(2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Spikes and membranes [T, B, 10] for images [B, 1, 28, 28]."""
        mem1, mem2, mem3 = (lif.init_leaky() for lif in (self.lif1, self.lif2, self.lif3))
        spk3_rec, mem3_rec = [], []
        for _ in range(self.steps):
            spk1, mem1 = self.lif1(self.pool(self.conv1(x)), mem1)
            spk2, mem2 = self.lif2(self.pool(self.conv2(spk1)), mem2)
            spk3, mem3 = self.lif3(self.fc1(spk2.flatten(1)), mem3)
            spk3_rec.append(spk3)
            mem3_rec.append(mem3)
        return torch.stack(spk3_rec), torch.stack(mem3_rec)


def events(beta: float = 0.5) -> nn.Sequential:
    """12C5-MP2-32C5-MP2-800FC10 for event frames, called once for each step (tutorial 7)."""
    return nn.Sequential(
        *(nn.Conv2d(2, 12, 5), nn.MaxPool2d(2), snn.Leaky(beta=beta, **HIDDEN)),
        *(nn.Conv2d(12, 32, 5), nn.MaxPool2d(2), snn.Leaky(beta=beta, **HIDDEN)),
        *(nn.Flatten(), nn.Linear(32 * 5 * 5, 10), snn.Leaky(beta=beta, output=True, **HIDDEN)),
    )


def over_events(net: nn.Module, data: Tensor) -> Tensor:
    """Spikes [T, B, 10] for data [T, B, 2, 34, 34]."""
    spk_rec = []
    utils.reset(net)
    for step in range(data.size(0)):
        spk_out, _ = net(data[step])
        spk_rec.append(spk_out)
    return torch.stack(spk_rec)


class Curve(nn.Module):
    """Regression on the membranes of the last neurons, which never reset (regression tutorials)."""

    def __init__(self, steps: int, hidden: int = 64) -> None:
        super().__init__()
        self.steps = steps
        self.hidden, self.lif1 = nn.Linear(1, hidden), snn.Leaky(beta=0.9, threshold=0.3, learn_threshold=True)
        self.out, self.lif2 = nn.Linear(hidden, 1), snn.Leaky(beta=0.9, learn_beta=True, reset_mechanism="none")

    def forward(self, x: Tensor) -> Tensor:
        """Membranes [T, B, 1] for values [T, B, 1]."""
        mem1, mem2 = self.lif1.init_leaky(), self.lif2.init_leaky()
        mem_rec = []
        for step in range(self.steps):
            spk1, mem1 = self.lif1(self.hidden(x[step]), mem1)
            _, mem2 = self.lif2(self.out(spk1), mem2)
            mem_rec.append(mem2)
        return torch.stack(mem_rec)
