"""Runs a NIR file in snnTorch as its users do, and listens to every LIF: the witness for our exports."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import nir
import numpy as np
import numpy.typing as npt
import snntorch
import snntorch.utils
import torch
from snntorch.import_nir import import_from_nir

Array = npt.NDArray[np.generic]


def run_snntorch(path: Path, inputs: Array, timesteps: int) -> tuple[dict[str, Array], Array]:
    """(spikes per LIF node of the file [N, T, *shape] uint8, sum of outputs over time [N, classes]).

    `inputs` [N, *shape] is shown in every step. The file is imported unmodified; the state is reset between images.
    """
    with contextlib.redirect_stdout(io.StringIO()):  # the importer prints
        network = import_from_nir(nir.read(path))
    spikes: dict[str, list[list[Array]]] = {}

    def listen(name: str) -> None:
        spikes[name] = []

        def hook(module: torch.nn.Module, args: object, out: torch.Tensor) -> None:
            spikes[name][-1].append(out.detach().numpy().astype(np.uint8)[0])

        getattr(network, name).register_forward_hook(hook)

    for name, module in network.named_modules():
        if isinstance(module, snntorch.Leaky | snntorch.Synaptic):
            listen(name)
    outputs = []
    with torch.no_grad():
        for image in np.asarray(inputs, np.float32):
            snntorch.utils.reset(network)
            for rows in spikes.values():
                rows.append([])
            total: torch.Tensor | float = 0.0
            for _ in range(timesteps):
                out = network(torch.from_numpy(image)[None])
                total = total + (out[0] if isinstance(out, tuple) else out)
            outputs.append(np.asarray(total)[0])
    return {name: np.array(rows) for name, rows in spikes.items()}, np.array(outputs)
