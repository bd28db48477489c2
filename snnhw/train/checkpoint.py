"""The state that a run is resumed from: one file with a checksum of all that is in it, and the one before it.

`last.safetensors` holds the network, the optimiser, the best network so far, the average of the weights, and plain
values. `previous.safetensors` is what it was one epoch earlier, so that a damaged file costs an epoch and not the run.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from snnhw.errors import InputError
from snnhw.files import write_atomically
from snnhw.gates.regular import read_bytes
from snnhw.nn.state import load_state

LAST, PREVIOUS = "last.safetensors", "previous.safetensors"
NETWORK, BEST, AVERAGE, OPTIMISER = "network.", "best.", "average.", "optimiser."  # begin the names of the tensors


@dataclass(frozen=True, eq=False)
class State:
    """A saved state: tensors by name, and the plain values of the run and of its optimiser."""

    path: Path
    tensors: Mapping[str, Tensor]
    about: Mapping[str, Any]
    optimiser: Mapping[str, object]

    @property
    def best(self) -> dict[str, Tensor]:
        """State dict of the best network so far; empty where none was kept."""
        return self._part(BEST)

    @property
    def average(self) -> dict[str, Tensor]:
        """State dict of the moving average; empty where the recipe has none."""
        return self._part(AVERAGE)

    def put_back(self, network: nn.Module, optimiser: torch.optim.Optimizer | None = None) -> None:
        """Load the tensors into the network and the optimiser.

        Raises:
            InputError: the state is of another network.
        """
        load_state(network, self._part(NETWORK), f"{self.path}", "delete the folder and start again")
        if optimiser is None:
            return
        state: dict[int, dict[str, object]] = {}
        parameters = dict(enumerate(p for group in optimiser.param_groups for p in group["params"]))
        for key, value in self._part(OPTIMISER).items():
            index, name = key.split(".", 1)
            state.setdefault(int(index), {})[name] = _beside(value, parameters.get(int(index)))
        for key, number in self.optimiser.items():
            index, name = key.split(".", 1)
            state.setdefault(int(index), {})[name] = number
        optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})

    def _part(self, prefix: str) -> dict[str, Tensor]:
        return {name[len(prefix) :]: value for name, value in self.tensors.items() if name.startswith(prefix)}


def _beside(value: Tensor, parameter: Tensor | None) -> Tensor:
    """The optimiser's numbers for a parameter in the parameter's order in memory, which fused steps rely on."""
    if parameter is None or value.shape != parameter.shape:
        return value
    return torch.empty_like(parameter, dtype=value.dtype).copy_(value)


def save_state(
    path: Path,
    network: nn.Module,
    optimiser: torch.optim.Optimizer | None,
    about: Mapping[str, object],
    best: Mapping[str, Tensor] | None = None,
    average: Mapping[str, Tensor] | None = None,
) -> None:
    """Write weights, the optimiser's tensors, the best weights so far, their average and plain values into one file.

    Raises:
        InputError: the file cannot be written.
    """
    tensors = {NETWORK + name: value for name, value in copied(network).items()}
    tensors |= {BEST + name: value for name, value in (best or {}).items()}
    tensors |= {AVERAGE + name: value.detach().cpu().contiguous() for name, value in (average or {}).items()}
    plain: dict[str, object] = {}
    for index, values in (optimiser.state_dict()["state"] if optimiser else {}).items():
        for key, value in values.items():
            if isinstance(value, Tensor):
                tensors[f"{OPTIMISER}{index}.{key}"] = value.detach().cpu().contiguous()
            elif value is not None:
                plain[f"{index}.{key}"] = value
    text = json.dumps({**about, "optimiser": plain})
    content = safetensors.torch.save(tensors, {"state": text, "sha256": _checksum(text, tensors)})
    write_atomically(path, lambda file: file.write(content))


def keep_state(
    folder: Path,
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    about: Mapping[str, object],
    best: Mapping[str, Tensor],
    average: Mapping[str, Tensor] | None = None,
) -> None:
    """Write the state of a run; the one that was there becomes the one before.

    Raises:
        InputError: it cannot be written; the earlier one is there still.
    """
    if (folder / LAST).exists():
        os.replace(folder / LAST, folder / PREVIOUS)
    save_state(folder / LAST, network, optimiser, about, best, average)


def latest_state(folder: Path) -> State | None:
    """The newest state in a run folder that is whole; None where there is none at all.

    Raises:
        InputError: there are states and all are damaged.
    """
    first: InputError | None = None
    for name in (LAST, PREVIOUS):
        if os.path.lexists(folder / name):
            try:
                state = read_state(folder / name)
            except InputError as error:
                first = first or error
                continue
            if first is not None:
                (folder / LAST).unlink()  # else it would become the one before
            return state
    if first is not None:
        raise first
    return None


def read_state(path: Path) -> State:
    """State of a run that was stopped.

    Raises:
        InputError: the file is damaged.
    """
    content = read_bytes(path, "saved state", "delete the folder and start again")
    try:
        tensors = safetensors.torch.load(content)
        header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
        text, checksum = (header["__metadata__"][key] for key in ("state", "sha256"))
        if checksum != _checksum(text, tensors):
            raise ValueError("its content is not what its checksum says")
        about = json.loads(text)
        return State(path, tensors, about, about.pop("optimiser"))
    except (safetensors.SafetensorError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"{path} cannot be resumed ({error}); delete the folder and start again.") from error


def copied(network: nn.Module) -> dict[str, Tensor]:
    """State dict on the CPU, apart from the network."""
    return {name: value.detach().cpu().contiguous().clone() for name, value in network.state_dict().items()}


def _checksum(text: str, tensors: Mapping[str, Tensor]) -> str:
    """sha256 of the plain values and of the names, kinds, shapes and bytes of the tensors."""
    digest = hashlib.sha256(text.encode())
    for name, value in sorted(tensors.items()):
        digest.update(f"\0{name}\0{value.dtype}\0{tuple(value.shape)}\0".encode())
        digest.update(value.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
