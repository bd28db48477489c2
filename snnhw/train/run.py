"""A run folder: `model.safetensors` (weights), `model.json` (the card), `metrics.csv` (one row per epoch).

While a run lasts, `last.safetensors` and `best.safetensors` hold the state it is resumed from, each written whole.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from snnhw.errors import InputError
from snnhw.files import write_atomically, write_text
from snnhw.nn.models import build
from snnhw.train.card import CARD, WEIGHTS, Card, read_card

METRICS, LAST, BEST = "metrics.csv", "last.safetensors", "best.safetensors"


@dataclass(frozen=True)
class Run:
    """A finished run: its folder, card and rows of `metrics.csv`."""

    path: Path
    card: Card
    metrics: tuple[Mapping[str, float], ...]


def software_versions() -> dict[str, str]:
    """Versions a result may depend on."""
    return {"python": platform.python_version(), **{name: version(name) for name in ("snnhw", "torch", "numpy")}}


def save_run(path: Path, network: nn.Module, card: Card, metrics: Iterable[Mapping[str, float]]) -> Run:
    """Write the run folder; the card is written last and carries the checksum of the weights."""
    weights = safetensors.torch.save({k: v.detach().cpu().contiguous() for k, v in network.state_dict().items()})
    card = Card(**{**asdict(card), "weights_checksum": hashlib.sha256(weights).hexdigest()})
    rows = tuple(metrics)
    write_atomically(path / WEIGHTS, lambda file: file.write(weights))
    save_metrics(path, rows)
    write_text(path / CARD, json.dumps(card.to_dict(), indent=2) + "\n")
    return Run(path, card, rows)


def open_folder(path: Path, rows: Sequence[Mapping[str, float]]) -> None:
    """Make the run folder ready to go on after `rows`; without any, nothing of an earlier run stays in it.

    Half-written files of a killed process are removed as well.

    Raises:
        InputError: the folder cannot be written.
    """
    save_metrics(path, rows)
    for name in (CARD, WEIGHTS, LAST, BEST, METRICS):
        for half in path.glob(f".{name}.*"):
            half.unlink()
    for name in (CARD, WEIGHTS, LAST, BEST) if not rows else ():
        (path / name).unlink(missing_ok=True)


def save_metrics(path: Path, rows: Iterable[Mapping[str, float]]) -> None:
    """Write `metrics.csv`."""
    rows = list(rows)
    text = io.StringIO()
    if rows:
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    write_text(path / METRICS, text.getvalue())


def load_run(path: Path | str) -> tuple[nn.Module, Card]:
    """Network in evaluation mode and card of a finished run.

    Raises:
        InputError: the folder holds no finished run, or weights and card do not belong together.
    """
    card, weights = read_card(path)
    network = build(card.model, relu=card.relu, **card.arguments)
    network.load_state_dict(safetensors.torch.load(weights))
    return network.eval(), card


def save_state(
    path: Path, network: nn.Module, optimiser: torch.optim.Optimizer | None, about: Mapping[str, object]
) -> None:
    """Write weights, the optimiser's tensors and plain values into one file."""
    tensors = {f"network.{k}": v.detach().cpu().contiguous() for k, v in network.state_dict().items()}
    plain: dict[str, object] = {}
    for index, values in (optimiser.state_dict()["state"] if optimiser else {}).items():
        for key, value in values.items():
            if isinstance(value, Tensor):
                tensors[f"optimiser.{index}.{key}"] = value.detach().cpu().contiguous()
            elif value is not None:
                plain[f"{index}.{key}"] = value
    content = safetensors.torch.save(tensors, {"state": json.dumps({**about, "optimiser": plain})})
    write_atomically(path, lambda file: file.write(content))


@dataclass(frozen=True, eq=False)
class State:
    """A saved state: tensors by name, and the plain values of the run and of its optimiser."""

    path: Path
    tensors: Mapping[str, Tensor]
    about: Mapping[str, object]
    optimiser: Mapping[str, object]

    def put_back(self, network: nn.Module, optimiser: torch.optim.Optimizer | None = None) -> None:
        """Load the tensors into the network and the optimiser.

        Raises:
            InputError: the state is of another network.
        """
        try:
            network.load_state_dict(
                {k[len("network.") :]: v for k, v in self.tensors.items() if k.startswith("network.")}
            )
        except RuntimeError as error:
            raise _cannot_resume(self.path, error) from error
        if optimiser is None:
            return
        state: dict[int, dict[str, object]] = {}
        for key, value in self.tensors.items():
            if key.startswith("optimiser."):
                _, index, name = key.split(".", 2)
                state.setdefault(int(index), {})[name] = value
        for key, number in self.optimiser.items():
            index, name = key.split(".", 1)
            state.setdefault(int(index), {})[name] = number
        optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})


def read_state(path: Path) -> State:
    """State of a run that was stopped.

    Raises:
        InputError: the file is damaged.
    """
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})["state"])
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            return State(path, tensors, about, about.pop("optimiser"))
    except (safetensors.SafetensorError, OSError, ValueError, KeyError) as error:
        raise _cannot_resume(path, error) from error


def _cannot_resume(path: Path, error: Exception) -> InputError:
    return InputError(f"{path} cannot be resumed ({error}); delete the folder and start again.")
