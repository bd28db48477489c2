"""A small snnTorch network, trained, written as NIR and reported; its logits come back unchanged. Needs snntorch.

python examples/snntorch_to_report.py [OUT]
"""

from __future__ import annotations

import sys
from pathlib import Path

import nir
import numpy as np
import snntorch
import torch
from snntorch import utils
from snntorch.export_nir import export_to_nir
from torch import nn

import snnhw

T, EPOCHS = 4, 6


def leaky(*shape: int) -> snntorch.Leaky:
    """Hard reset in the same step; parameters of full shape, which is what NIR needs."""
    beta, threshold = torch.full(shape, 0.75), torch.ones(shape)
    return snntorch.Leaky(beta, threshold, init_hidden=True, reset_mechanism="zero", reset_delay=False)


def logits(network: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """Mean over the steps, [B, classes]."""
    utils.reset(network)
    return torch.stack([network(images) for _ in range(T)]).mean(0)


def train(network: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> None:
    optimiser = torch.optim.Adam(network.parameters(), lr=5e-3)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(images)).split(64):
            loss = nn.functional.cross_entropy(logits(network, images[batch]), labels[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()


def main(out: Path) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        leaky(8, 8, 8),
        nn.Conv2d(8, 16, 3, stride=2, padding=1),
        leaky(16, 4, 4),
        nn.Flatten(),
        nn.Linear(256, 10),
    )
    training, test = snnhw.load_inputs("digits:train"), snnhw.load_inputs("digits:test")
    train(network, torch.from_numpy(training.values), torch.from_numpy(training.targets))
    with torch.no_grad():
        expected = logits(network, torch.from_numpy(test.values)).numpy()
        utils.reset(network)
        out.mkdir(parents=True, exist_ok=True)
        nir.write(out / "snntorch.nir", export_to_nir(network, torch.from_numpy(test.values[:1]), ignore_dims=[0]))

    model = snnhw.load_model(out / "snntorch.nir", snnhw.Reading(dt=1e-4, timesteps=T))
    record = snnhw.simulate_graph(model.graph, test.values)
    for finding in model.findings:
        if finding.code != "renamed":
            print(f"{finding.severity}: {finding.message}")
    difference = np.abs(record.logits - expected).max()
    print(f"accuracy {record.accuracy(test.targets):.1%}, logits differ by {difference:.1e}")
    _, page = snnhw.make_report(model, test, out, snnhw.ReportOptions(record=record))
    print(page)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "snntorch_report"))
