"""Run in the environment of one framework: worker.py FRAMEWORK OUT.json GOLDEN.npz, with snnhw on the path.

Each network is traced as it is and simulated in float64; its spikes in every neuron module and its logits are compared
with the framework's own run in float64, observed by hooks. The neurons alone, their attributes and their own spikes
become the golden file that the tests compare without the framework.
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any

import numpy as np
import torch
from cases import Case, first
from torch import Tensor, nn

from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.tracing.trace import trace


def in_double(network: nn.Module) -> None:
    """Let torch's layers take what a surrogate made float32; spikes are 0 and 1 in any precision."""

    def cast(module: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        return (args[0].to(module.weight.dtype), *args[1:])

    for module in network.modules():
        if isinstance(getattr(module, "weight", None), Tensor):
            module.register_forward_pre_hook(cast)


@torch.no_grad()
def compared(name: str, case: Case) -> dict[str, Any]:
    """One row: the network, how many spikes its neurons fire, how many of ours differ, and the logits."""
    network = case.network.double().eval()
    inputs = case.inputs.double()
    graph = trace(network, tuple(inputs.shape[2:] if "timesteps" in case.told else inputs.shape[1:]), **case.told)
    own: dict[str, list[Tensor]] = {unit: [] for unit in graph.units() if unit in graph.modules}
    for unit, sent in own.items():
        network.get_submodule(graph.modules[unit]).register_forward_hook(
            lambda module, args, out, sent=sent: sent.append(first(out).double())
        )
    in_double(network)
    logits = case.run(network, inputs)
    ours_in = inputs.transpose(0, 1) if "timesteps" in case.told else inputs
    record = simulate(graph, ours_in.numpy(), raster=True, execution=DOUBLE)
    spikes = differing = 0
    for unit, sent in own.items():
        ours = torch.from_numpy(record.raster[unit].sum(axis=2)).double()  # [B, T, *shape]
        theirs = by_sample(sent, ours)
        spikes += int(theirs.sum())
        differing += int((theirs != ours).sum())
    return {
        "name": name,
        "what": case.what,
        "timesteps": graph.timesteps,
        "populations": len(own),
        "spikes": spikes,
        "differing": differing,
        "logits": float(np.abs(record.logits - logits.numpy()).max()),
    }


def by_sample(sent: list[Tensor], ours: Tensor) -> Tensor:
    """What a module sent in its calls, as [B, T, *shape]: step by step, time first, batch first, or in rows."""
    batch, steps = ours.shape[:2]
    if len(sent) > 1 or steps == 1:
        return torch.stack(sent, 1)
    (whole,) = sent
    if whole.shape[0] == batch * steps:
        return whole.unflatten(0, (batch, steps))
    sent = whole if ours.shape == whole.shape and batch != steps else whole.transpose(0, 1)
    return sent.reshape(ours.shape)  # tokens [N, C] are a column [N, 1, C] in the graph


@torch.no_grad()
def golden(neurons: dict[str, Any], states: Any) -> dict[str, np.ndarray]:
    """Of every neuron alone: its class and attributes, what came in [T, n], and what it sent."""
    found: dict[str, np.ndarray] = {}
    for index, (name, module) in enumerate(neurons.items()):
        current = np.random.default_rng(index).normal(0.4, 0.8, (30, 6)).astype(np.float32)
        described = {"class": type(module).__name__, **states.attributes(module.double())}
        in_double(module)
        sent = states.alone(module.double().eval(), torch.from_numpy(current).double())
        found[f"{name}.module"] = np.array(json.dumps(described))
        found[f"{name}.current"] = current
        found[f"{name}.sent"] = sent.numpy()
    return found


def main(framework: str, out: str, file: str) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    module = importlib.import_module(f"{framework}_networks")
    rows = [compared(name, case()) for name, case in module.NETWORKS.items()]
    if module.NEURONS:
        np.savez_compressed(file, **golden(module.NEURONS, module))
    with open(out, "w") as stream:
        json.dump({"version": module.VERSION, "rows": rows}, stream)


if __name__ == "__main__":
    main(*sys.argv[1:])
