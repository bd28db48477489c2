"""Runs one importer on one file, in that importer's environment: worker.py IMPORTER FILE INPUTS.npy STEPS OUT.npz.

Writes the spikes of every LIF [N, T, *shape] and prints nothing; an exception is the importer's answer. Needs no snnhw.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nir
import numpy as np
import torch

Spikes = dict[str, list[np.ndarray]]


def listen(network: torch.nn.Module, names: list[str]) -> Spikes:
    """Collects what the modules called `names` send, one array [N, *shape] per call."""
    spikes: Spikes = {name: [] for name in names}

    def hook(rows: list[np.ndarray]) -> Callable[..., None]:
        return lambda module, args, out: rows.append((out[0] if isinstance(out, tuple) else out).detach().numpy())

    for path, module in network.named_modules():
        name = path.rsplit(".", 1)[-1]
        if name in spikes:
            module.register_forward_hook(hook(spikes[name]))
    return spikes


def by_steps(network: torch.nn.Module, names: list[str], x: torch.Tensor, steps: int, threads_state: bool) -> Spikes:
    """One call per time step, the state handed on where the network takes one."""
    spikes, state = listen(network, names), None
    for _ in range(steps):
        if threads_state:
            _, state = network(x, state)
        else:
            network(x)
    return spikes


def snntorch(path: Path, names: list[str], x: torch.Tensor, steps: int) -> Spikes:
    from snntorch.import_nir import import_from_nir

    return by_steps(import_from_nir(nir.read(path)), names, x, steps, False)


def spikingjelly(path: Path, names: list[str], x: torch.Tensor, steps: int) -> Spikes:
    from spikingjelly.activation_based.nir_exchange import import_from_nir

    return by_steps(import_from_nir(nir.read(path), dt=1e-4), names, x, steps, True)


def norse_cells(path: Path, names: list[str], x: torch.Tensor, steps: int) -> Spikes:
    sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))
    from norse_cells import load

    return by_steps(load(path), names, x, steps, True)


def norse(path: Path, names: list[str], x: torch.Tensor, steps: int) -> Spikes:
    from norse.torch import from_nir

    return by_steps(from_nir(nir.read(path), dt=1e-4), names, x, steps, True)


def sinabs(path: Path, names: list[str], x: torch.Tensor, steps: int) -> Spikes:
    import sinabs.activation as activation
    from sinabs.layers import LIFSqueeze
    from sinabs.nir import from_nir

    network = from_nir(nir.read(path, type_check=False), batch_size=len(x))
    for module in network.modules():
        if isinstance(module, LIFSqueeze):
            module.reset_fn, module.spike_fn = activation.MembraneReset(), activation.SingleSpike
    spikes = listen(network, names)
    network(x[:, None].expand(len(x), steps, *x.shape[1:]).flatten(0, 1))
    return {n: list(rows[0].reshape(len(x), steps, *rows[0].shape[1:]).swapaxes(0, 1)) for n, rows in spikes.items()}


def rockpool(path: Path, names: list[str], x: torch.Tensor, steps: int) -> Spikes:
    from rockpool.nn.modules import from_nir

    return by_steps(from_nir(nir.read(path)), names, x, steps, True)


IMPORTERS: dict[str, Callable[..., Spikes]] = {
    "snntorch": snntorch,
    "spikingjelly": spikingjelly,
    "norse_cells": norse_cells,
    "norse": norse,
    "sinabs": sinabs,
    "rockpool": rockpool,
}


def main(importer: str, path: str, inputs: str, steps: str, out: str) -> None:
    torch.set_num_threads(1)
    names = [n for n, node in nir.read(path, type_check=False).nodes.items() if isinstance(node, nir.LIF)]
    with torch.no_grad():
        spikes: dict[str, Any] = IMPORTERS[importer](Path(path), names, torch.from_numpy(np.load(inputs)), int(steps))
    np.savez(out, **{name: np.stack(rows, axis=1) for name, rows in spikes.items() if rows})


if __name__ == "__main__":
    main(*sys.argv[1:])
