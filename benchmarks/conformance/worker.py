"""Runs one importer on many files, in that importer's environment: worker.py IMPORTER FOLDER.

FOLDER/jobs.json lists names and paths of files, NAME.npy is what enters one [N, T, *shape]. Writes the spikes of every
population [N, T, *shape] as NAME.npz, or what the importer raised as NAME.txt. Needs no snnhw.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nir
import numpy as np
import torch

NEURONS = (nir.LIF, nir.IF, nir.CubaLIF)
Spikes = dict[str, list[np.ndarray]]  # name -> what it sends in each step [N, *shape]


def read(path: Path) -> Any:
    """The file; unchecked where nir's own check refuses it, as it does with groups."""
    try:
        return nir.read(path)
    except ValueError:
        return nir.read(path, type_check=False)


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


def by_steps(network: torch.nn.Module, names: list[str], x: torch.Tensor, threads_state: bool) -> Spikes:
    """One call per time step, the state handed on where the network takes one."""
    spikes, state = listen(network, names), None
    for step in range(x.shape[1]):
        if threads_state:
            _, state = network(x[:, step], state)
        else:
            network(x[:, step])
    return spikes


def snntorch(path: Path, names: list[str], x: torch.Tensor) -> Spikes:
    from snntorch.import_nir import import_from_nir

    return by_steps(import_from_nir(read(path)), names, x, False)


def spikingjelly(path: Path, names: list[str], x: torch.Tensor) -> Spikes:
    from spikingjelly.activation_based.nir_exchange import import_from_nir

    return by_steps(import_from_nir(read(path), dt=1e-4), names, x, True)


def norse_cells(path: Path, names: list[str], x: torch.Tensor) -> Spikes:
    sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))
    from norse_cells import load

    return by_steps(load(path), names, x, True)


def norse(path: Path, names: list[str], x: torch.Tensor) -> Spikes:
    from norse.torch import from_nir

    return by_steps(from_nir(read(path), dt=1e-4), names, x, True)


def sinabs(path: Path, names: list[str], x: torch.Tensor) -> Spikes:
    import sinabs.activation as activation
    from sinabs.layers import IAFSqueeze, LIFSqueeze
    from sinabs.nir import from_nir

    network = from_nir(nir.read(path, type_check=False), batch_size=len(x))
    for module in network.modules():
        if isinstance(module, LIFSqueeze | IAFSqueeze):
            module.reset_fn, module.spike_fn = activation.MembraneReset(), activation.SingleSpike
    spikes = listen(network, names)
    network(x.flatten(0, 1))
    every = {n: rows[0].reshape(len(x), x.shape[1], *rows[0].shape[1:]) for n, rows in spikes.items()}
    return {n: list(rows.swapaxes(0, 1)) for n, rows in every.items()}


def rockpool(path: Path, names: list[str], x: torch.Tensor) -> Spikes:
    from rockpool.nn.modules import from_nir

    network = from_nir(read(path))
    spikes = listen(network, names)
    network(x)
    return {n: list(rows[0].swapaxes(0, 1)) for n, rows in spikes.items()}


def spyx(path: Path, names: list[str], x: torch.Tensor) -> Spikes:
    """Its loader builds a chain and runs it; its layers are then called step by step, channels last."""
    import jax.numpy as jnp
    from spyx.nir import from_nir

    graph = read(path)
    frames = jnp.asarray(np.moveaxis(x.numpy(), 2, -1) if x.ndim == 5 else x.numpy()).swapaxes(0, 1)
    network, _ = from_nir(graph, frames, 1e-4)
    followed = [name for name in along_first_edges(graph.edges) if name in names]
    spikes: Spikes = {name: [] for name in followed}
    states = [layer.initial_state(x.shape[0]) if hasattr(layer, "initial_state") else None for layer in network.layers]
    for signal in frames:
        waiting = iter(followed)
        for place, layer in enumerate(network.layers):
            if states[place] is None:
                signal = layer(signal)
                continue
            signal, states[place] = layer(signal, states[place])
            sent = np.asarray(signal)
            spikes[next(waiting)].append(np.moveaxis(sent, -1, 1) if sent.ndim == 4 else sent)
    return spikes


def along_first_edges(edges: list[tuple[str, str]]) -> list[str]:
    """The nodes that a walk meets which takes the first edge out of each."""
    order, onward = ["input"], dict(reversed(edges))
    while order[-1] in onward and onward[order[-1]] not in order:
        order.append(onward[order[-1]])
    return order


IMPORTERS: dict[str, Callable[[Path, list[str], torch.Tensor], Spikes]] = {
    "snntorch": snntorch,
    "spikingjelly": spikingjelly,
    "norse_cells": norse_cells,
    "norse": norse,
    "sinabs": sinabs,
    "rockpool": rockpool,
    "spyx": spyx,
}


def run(importer: str, folder: Path, name: str, path: Path) -> None:
    """One file: NAME.npz, or NAME.txt with the exception."""
    try:
        names = [n for n, node in nir.read(path, type_check=False).nodes.items() if isinstance(node, NEURONS)]
        x = torch.from_numpy(np.load(folder / f"{name}.npy"))
        with torch.no_grad(), contextlib.redirect_stdout(io.StringIO()):
            spikes = IMPORTERS[importer](path, names, x)
        np.savez(folder / f"{name}.npz", **{n: np.stack(rows, axis=1) for n, rows in spikes.items() if rows})
    except Exception as error:  # is the importer's answer
        (folder / f"{name}.txt").write_text(" ".join(f"{type(error).__name__}: {error}".split()))


def main(importer: str, folder: str) -> None:
    torch.set_num_threads(1)
    for job in json.loads((Path(folder) / "jobs.json").read_text()):
        run(importer, Path(folder), job["name"], Path(job["path"]))


if __name__ == "__main__":
    main(*sys.argv[1:])
