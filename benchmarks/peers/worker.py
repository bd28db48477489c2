"""Counts one network with one library; runs in that library's environment, needs nothing of ours.

    python worker.py neurobench|sinabs|spikingjelly network.npz
prints one JSON object: events counted as accumulations (ac), as multiply-accumulates (mac), seconds of the run.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

BATCH = 64


class Fire(nn.Module):
    """K hard-reset LIFs on one input, sends their sum: u = decay*u*(1-s) + x, s = u > theta."""

    def __init__(self, thresholds: list[float], decay: float) -> None:
        super().__init__()
        self.thresholds, self.decay = thresholds, decay
        self.kept: list[Tensor] | None = None

    def forward(self, x: Tensor) -> Tensor:
        """Sum of the spikes of all levels [B, *shape]."""
        kept = self.kept or [torch.zeros_like(x) for _ in self.thresholds]
        membranes = [self.decay * u + x for u in kept]
        spikes = [(u > theta).float() for u, theta in zip(membranes, self.thresholds, strict=True)]
        self.kept = [u * (1 - s) for u, s in zip(membranes, spikes, strict=True)]
        return torch.stack(spikes).sum(dim=0)


class Network(nn.Module):
    """Three convolutions and a Linear behind spikes; `residual` adds the first layer's spikes to the second's."""

    def __init__(self, arrays: Any, settings: dict[str, Any]) -> None:
        super().__init__()
        self.steps, self.residual = settings["timesteps"], settings["residual"]
        self.convs, self.fires = nn.ModuleList(), nn.ModuleList()
        for i, stride in enumerate(settings["strides"]):
            weight = torch.as_tensor(arrays[f"conv{i}"])
            conv = nn.Conv2d(weight.shape[1], weight.shape[0], 3, stride, 1, bias=False)
            conv.weight.data.copy_(weight)
            self.convs.append(conv)
            self.fires.append(Fire(settings["thresholds"], settings["decay"]))
        dense = torch.as_tensor(arrays["fc"])
        self.fc = nn.Linear(dense.shape[1], dense.shape[0], bias=False)
        self.fc.weight.data.copy_(dense)

    @torch.no_grad()
    def forward(self, events: Tensor) -> Tensor:
        """events [B, T, C, H, W] to logits [B, classes]."""
        for fire in self.fires:
            fire.kept = None
        logits: list[Tensor] = []
        for t in range(self.steps):
            a = self.fires[0](self.convs[0](events[:, t]))
            b = self.fires[1](self.convs[1](a))
            c = self.fires[2](self.convs[2](a + b if self.residual else b))
            logits.append(self.fc(c.flatten(1)))
        return torch.stack(logits).sum(dim=0)


def neurobench(network: Network, events: Tensor) -> tuple[float, float]:
    from neurobench.benchmarks import Benchmark
    from neurobench.metrics.workload import SynapticOperations
    from neurobench.models import TorchModel
    from torch.utils.data import DataLoader, TensorDataset

    labels = torch.zeros(len(events), dtype=torch.long)
    loader = DataLoader(TensorDataset(events, labels), batch_size=BATCH)
    found = Benchmark(TorchModel(network), loader, [], [], [[], [SynapticOperations]]).run(quiet=True)
    operations = found["SynapticOperations"]
    return operations["Effective_ACs"] * len(events), operations["Effective_MACs"] * len(events)


def sinabs(network: Network, events: Tensor) -> tuple[float, float]:
    from sinabs.hooks import conv_layer_synops_hook, linear_layer_synops_hook

    total = 0.0

    def add(module: nn.Module, arguments: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        total += float(module.hook_data["layer_synops_per_timestep"].double()) * len(output)

    for module in [*network.convs, network.fc]:
        module.register_forward_hook(linear_layer_synops_hook if module is network.fc else conv_layer_synops_hook)
        module.register_forward_hook(add)
    for start in range(0, len(events), BATCH):
        network(events[start : start + BATCH])
    return total, 0.0


def spikingjelly(network: Network, events: Tensor) -> tuple[float, float]:
    from spikingjelly.activation_based.op_counter import DispatchCounterMode, MACCounter, SynOpCounter

    synops, macs = SynOpCounter(), MACCounter()
    for start in range(0, len(events), BATCH):
        with DispatchCounterMode([synops, macs]):
            network(events[start : start + BATCH])
    return float(synops.get_total()), float(macs.get_total())


COUNTERS = {"neurobench": neurobench, "sinabs": sinabs, "spikingjelly": spikingjelly}


def main(peer: str, path: str) -> None:
    torch.set_num_threads(1)
    arrays = np.load(path)
    settings = json.loads(str(arrays["settings"]))
    network = Network(arrays, settings).eval()
    events = torch.as_tensor(arrays["events"]).float()
    network(events[:BATCH])
    start = time.perf_counter()
    network(events)
    plain = time.perf_counter() - start
    start = time.perf_counter()
    ac, mac = COUNTERS[peer](network, events)
    print(json.dumps({"ac": ac, "mac": mac, "seconds": time.perf_counter() - start, "plain": plain}))


if __name__ == "__main__":
    main(*sys.argv[1:])
