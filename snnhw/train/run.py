"""A run folder: `model.safetensors` (weights), `model.json` (the card), `metrics.csv` (one row per epoch).

With the energy of spikes in the loss there is `energy.csv` too (`snnhw/train/energy_table.py`).
What a run is resumed from, while it lasts, is in `snnhw/train/checkpoint.py`.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import safetensors
import safetensors.torch
from torch import nn

from snnhw.errors import InputError
from snnhw.files import write_atomically, write_text
from snnhw.gates.lock import locked
from snnhw.gates.regular import read_bytes
from snnhw.nn.models import build
from snnhw.nn.state import load_state
from snnhw.train.card import CARD, WEIGHTS, Card, read_card, read_own_card
from snnhw.train.checkpoint import LAST, PREVIOUS
from snnhw.train.energy_table import ENERGY

METRICS = "metrics.csv"


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


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Hold the run folder, made where it is missing; one that stays empty is removed at the end.

    Raises:
        InputError: it cannot be made, or another process writes a run there.
    """
    new = not path.exists()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"Cannot write {path}: {error.strerror}; choose a folder that you may write to.") from error
    try:
        with locked(path):
            yield
    finally:
        if new and not any(path.iterdir()):
            path.rmdir()


def open_folder(path: Path, rows: Sequence[Mapping[str, float]]) -> None:
    """Make the run folder ready to go on after `rows`; without any, nothing of an earlier run stays in it.

    Half-written files of a killed process are removed as well.

    Raises:
        InputError: the folder cannot be written, or a file of such a name there is of no run.
    """
    if not rows:
        check_own(path)
    save_metrics(path, rows)
    for name in (CARD, WEIGHTS, LAST, PREVIOUS, METRICS, ENERGY):
        for half in path.glob(f".{name}.*"):
            half.unlink()
    for name in (CARD, WEIGHTS, LAST, PREVIOUS, ENERGY) if not rows else ():
        (path / name).unlink(missing_ok=True)


def check_own(path: Path) -> None:
    """Nothing, where the files that a run replaces are those of a run.

    Raises:
        InputError: one of them is something else.
    """
    if os.path.lexists(path / CARD):
        read_own_card(path / CARD)
    elif os.path.lexists(path / WEIGHTS) and not any((path / name).exists() for name in (LAST, PREVIOUS, METRICS)):
        raise InputError(f"{path / WEIGHTS} is of no run of this program; choose another folder.")
    for table in (path / METRICS, path / ENERGY):
        if os.path.lexists(table):
            begins = read_bytes(table, "table of a run", "choose another folder")[:6]
            if begins not in (b"", b"epoch,"):
                raise InputError(f"{table} is of no run of this program; choose another folder.")


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
        InputError: the folder holds no finished run, weights and card do not belong together, or the weights are none
            that the network of the card can run with.
    """
    card, weights = read_card(path)
    network = build(card.model, relu=card.relu, **card.arguments)
    file, remedy = str(Path(path) / WEIGHTS), "train the run again"
    try:
        state = safetensors.torch.load(weights)
    except (safetensors.SafetensorError, ValueError, KeyError) as error:
        raise InputError(f"{file} is no file of weights ({error}); {remedy}.") from error
    load_state(network, state, file, remedy)
    return network.eval(), card
