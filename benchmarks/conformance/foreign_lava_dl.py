"""lava-dl runs its blocks, and NIR's example writes them: cases of foreign_worker.py.

lava-dl writes no NIR itself. The script lava_to_nir.py among NIR's examples reads the integers of its exported network:
decays in units of 1/4096, threshold and weights of 1/64; `node` follows its formulas.
"""

from __future__ import annotations

import importlib
import itertools
import sys
import types
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import nir
import numpy as np
import torch
from foreign_data import HIDDEN, INPUTS, INTO, ONWARD, OUTPUTS, Ran, X

TOLD = {"written_by": "lava-dl"}
WEIGHTS, DECAYS, DT = 64, 4096, 1e-4


def blocks() -> Any:
    """`lava.lib.dl.slayer.block.cuba`, without the object detection that slayer imports and that needs torchvision."""
    found = find_spec("lava.lib.dl")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("lava-dl is not installed")
    name = "lava.lib.dl.slayer"
    slayer = types.ModuleType(name)
    slayer.__path__ = [f"{found.submodule_search_locations[0]}/slayer"]
    sys.modules[name] = slayer
    return importlib.import_module(f"{name}.block.cuba")


def node(neuron: Any, size: int) -> nir.CubaLIF:
    """What the script writes of a CUBA neuron."""
    device = neuron.device_params
    current, voltage = float(device["iDecay"]) / DECAYS, float(device["vDecay"]) / DECAYS
    tau_syn, tau_mem = (DT / share if share else np.inf for share in (current, voltage))
    return nir.CubaLIF(
        tau_syn=np.full(size, tau_syn),
        tau_mem=np.full(size, tau_mem),
        r=np.full(size, tau_mem / DT),
        v_leak=np.full(size, 0.0),
        v_threshold=np.full(size, float(device["vThMant"]) / WEIGHTS),
        w_in=np.full(size, tau_syn / DT),
        v_reset=np.full(size, 0.0),
    )


def run(current: float, voltage: float, theta: float, lost: str = "", **arguments: Any) -> Ran:
    """Two dense blocks; a spike needs one step from one to the next unless `delay_shift` is False."""
    neuron = {"threshold": theta, "current_decay": current, "voltage_decay": voltage}
    layers = [
        blocks().Dense(neuron, inputs, outputs, **arguments)
        for inputs, outputs in ((INPUTS, HIDDEN), (HIDDEN, OUTPUTS))
    ]
    sent, signal = {}, torch.from_numpy(X.T[None].copy())  # time comes last
    graph = {"input": nir.Input(np.array([INPUTS]))}
    for place, (layer, weight) in enumerate(zip(layers, (INTO, ONWARD), strict=True)):
        layer.synapse.weight.data = torch.from_numpy(weight.copy()).reshape(layer.synapse.weight.shape)
        with torch.no_grad():
            signal = layer(signal)
        sent[str(2 * place + 1)] = signal[0].T.numpy()
        graph[str(2 * place)] = nir.Linear(np.round(weight * WEIGHTS) / WEIGHTS)
        graph[str(2 * place + 1)] = node(layer.neuron, len(weight))
    graph["output"] = nir.Output(np.array([OUTPUTS]))
    names = list(graph)
    edges = list(itertools.pairwise(names))
    late = int(arguments.get("delay_shift", True))
    return Ran(
        nir.NIRGraph(graph, edges), sent, TOLD, signal[0].T.numpy(), X, lost, late, versions=("lava-dl", "torch")
    )


CASES: dict[str, Callable[[], Ran]] = {
    "cuba": lambda: run(0.5, 0.5, 1.0),
    "cuba_lif": lambda: run(1.0, 0.5, 1.0),
    "cuba_at_once": lambda: run(0.5, 0.5, 1.0, "delay_shift", delay_shift=False),
}

REFUSED: dict[str, Callable[[], Ran]] = {}
