"""Counts one network with one library; runs in that library's environment, needs nothing of ours.

    python worker.py neurobench|sinabs|spikingjelly|syops network.npz
prints one JSON object: events counted as accumulations (ac), as multiply-accumulates (mac), seconds of the run. With
`stem_apart` in the settings, ac and mac leave out the first convolution, which is then counted alone (first_ac, ...).
"""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable
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


class Stem(nn.Module):
    """The first convolution at every step."""

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.conv = conv

    def forward(self, frames: Tensor) -> Tensor:
        """[B, T, C, H, W] to currents [B, T, C', H', W']."""
        return torch.stack([self.conv(frames[:, t]) for t in range(frames.shape[1])], dim=1)


class Body(nn.Module):
    """All behind the first convolution; spikes of unit `residual[0]` are added to the input of conv `residual[1]`."""

    def __init__(self, convs: list[nn.Conv2d], fires: list[Fire], fc: nn.Linear, residual: list[int] | None) -> None:
        super().__init__()
        self.convs, self.fires, self.fc, self.residual = nn.ModuleList(convs), nn.ModuleList(fires), fc, residual

    def forward(self, currents: Tensor) -> Tensor:
        """Currents [B, T, C, H, W] of the first units to logits [B, classes]."""
        for fire in self.fires:
            fire.kept = None
        logits: list[Tensor] = []
        for t in range(currents.shape[1]):
            spikes = [self.fires[0](currents[:, t])]
            for i, (conv, fire) in enumerate(zip(self.convs, self.fires[1:], strict=True), start=1):
                x = spikes[-1]
                if self.residual is not None and self.residual[1] == i:
                    x = x + spikes[self.residual[0]]
                spikes.append(fire(conv(x)))
            logits.append(self.fc(spikes[-1].flatten(1)))
        return torch.stack(logits).sum(dim=0)


class Network(nn.Module):
    """Convolutions and a Linear behind spikes."""

    def __init__(self, arrays: Any, settings: dict[str, Any]) -> None:
        super().__init__()
        convs, fires = [], []
        for i, stride in enumerate(settings["strides"]):
            weight = torch.as_tensor(arrays[f"conv{i}"])
            conv = nn.Conv2d(weight.shape[1], weight.shape[0], 3, stride, 1, bias=f"conv{i}_bias" in arrays)
            convs.append(_filled(conv, arrays, f"conv{i}"))
            fires.append(Fire(settings["thresholds"], settings["decay"]))
        dense = arrays["fc"]
        fc = _filled(nn.Linear(dense.shape[1], dense.shape[0], bias="fc_bias" in arrays), arrays, "fc")
        self.stem, self.body = Stem(convs[0]), Body(convs[1:], fires, fc, settings["residual"])

    @torch.no_grad()
    def forward(self, frames: Tensor) -> Tensor:
        """Frames [B, T, C, H, W] to logits [B, classes]."""
        return self.body(self.stem(frames))


def _filled(layer: Any, arrays: Any, name: str) -> Any:
    layer.weight.data.copy_(torch.as_tensor(arrays[name]))
    if layer.bias is not None:
        layer.bias.data.copy_(torch.as_tensor(arrays[f"{name}_bias"]))
    return layer


def neurobench(network: nn.Module, events: Tensor) -> tuple[float, float]:
    from neurobench.benchmarks import Benchmark
    from neurobench.metrics.workload import SynapticOperations
    from neurobench.models import TorchModel
    from torch.utils.data import DataLoader, TensorDataset

    labels = torch.zeros(len(events), dtype=torch.long)
    loader = DataLoader(TensorDataset(events, labels), batch_size=BATCH)
    found = Benchmark(TorchModel(network), loader, [], [], [[], [SynapticOperations]]).run(quiet=True)
    operations = found["SynapticOperations"]
    return operations["Effective_ACs"] * len(events), operations["Effective_MACs"] * len(events)


def sinabs(network: nn.Module, events: Tensor) -> tuple[float, float]:
    from sinabs.hooks import conv_layer_synops_hook, linear_layer_synops_hook

    total = 0.0

    def add(module: nn.Module, arguments: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        total += float(module.hook_data["layer_synops_per_timestep"].double()) * len(output)

    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            dense = isinstance(module, nn.Linear)
            module.register_forward_hook(linear_layer_synops_hook if dense else conv_layer_synops_hook)
            module.register_forward_hook(add)
    for start in range(0, len(events), BATCH):
        network(events[start : start + BATCH])
    return total, 0.0


def spikingjelly(network: nn.Module, events: Tensor) -> tuple[float, float]:
    from spikingjelly.activation_based.op_counter import DispatchCounterMode, MACCounter, SynOpCounter

    synops, macs = SynOpCounter(), MACCounter()
    for start in range(0, len(events), BATCH):
        with DispatchCounterMode([synops, macs]):
            network(events[start : start + BATCH])
    return float(synops.get_total()), float(macs.get_total())


def syops(network: nn.Module, events: Tensor) -> tuple[float, float]:
    from syops import get_model_complexity_info

    batches = [(events[i : i + BATCH], 0) for i in range(0, len(events), BATCH)]
    found, _ = get_model_complexity_info(
        network, tuple(events.shape[1:]), batches, print_per_layer_stat=False, as_strings=False, ost=io.StringIO()
    )
    return float(found[1]) * len(events), float(found[2]) * len(events)


Counter = Callable[[nn.Module, Tensor], tuple[float, float]]
COUNTERS: dict[str, Counter] = {
    "neurobench": neurobench,
    "sinabs": sinabs,
    "spikingjelly": spikingjelly,
    "syops": syops,
}


def main(peer: str, path: str) -> None:
    torch.set_num_threads(1)
    arrays = np.load(path)
    settings = json.loads(str(arrays["settings"]))
    network = Network(arrays, settings).eval()
    events = torch.as_tensor(arrays["events"]).float()
    with torch.no_grad():
        network(events[:BATCH])
        start = time.perf_counter()
        network(events)
        plain = time.perf_counter() - start
        if settings.get("stem_apart"):
            ac, mac = COUNTERS[peer](network.body, network.stem(events))
            first_ac, first_mac = COUNTERS[peer](Stem(network.stem.conv), events)
            print(json.dumps({"ac": ac, "mac": mac, "first_ac": first_ac, "first_mac": first_mac}))
            return
        start = time.perf_counter()
        ac, mac = COUNTERS[peer](network, events)
    print(json.dumps({"ac": ac, "mac": mac, "seconds": time.perf_counter() - start, "plain": plain}))


if __name__ == "__main__":
    main(*sys.argv[1:])
