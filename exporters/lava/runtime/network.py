"""A network as Lava processes and connections, and the one file that it is saved in.

The file is an .npz: the weight, bias and threshold arrays by name, and one JSON entry `description` with the rest.
Shapes and arrays are in Lava's order, (W, H, C); everything is plain numbers, so nothing of snnhw is needed to read it.
"""

from __future__ import annotations

import json
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
LONGEST_WORDS = 200  # characters of another library's message
FORMAT = 1
WITH_GAPS = 2  # of networks that wait between samples, which runtimes of format 1 do not
BROKEN = (  # of NumPy, zip and json, on files of another content
    OSError,
    ValueError,
    LookupError,
    EOFError,
    TypeError,
    AttributeError,
    RuntimeError,
    MemoryError,
    zipfile.BadZipFile,
    zlib.error,
    tokenize.TokenError,  # NumPy reads damaged headers as Python
)


class LavaRunError(Exception):
    """A network cannot be run; one sentence with the remedy, and in `traceback_text` what the worker printed."""

    def __init__(self, message: str, traceback_text: str = "") -> None:
        super().__init__(message)
        self.traceback_text = traceback_text


NEURONS = ("lif", "soft_lif")  # kinds of processes that fire


@dataclass(frozen=True)
class Process:
    """One Lava process. What its sources send is summed at its input."""

    name: str
    kind: str  # source, conv, dense, delay, gain, pool, lif, soft_lif, sink
    shape: tuple[int, ...]  # of what it sends: (W, H, C) or (N,)
    depth: int  # Lava steps between the input and what it sends
    sources: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)  # numbers and lists of numbers
    arrays: Mapping[str, str] = field(default_factory=dict)  # parameter -> name of the array


@dataclass(frozen=True)
class Unit:
    """The populations of a multi-level unit, by ascending level."""

    name: str
    populations: tuple[str, ...]


@dataclass(frozen=True)
class LavaNetwork:
    """Processes in an order in which sources come before targets, but for those that lead back to what is before."""

    name: str
    timesteps: int
    integer: bool
    processes: tuple[Process, ...]
    units: tuple[Unit, ...]
    reduction: str  # logits: "sum" or "mean" over the time steps
    arrays: Mapping[str, Array]
    gap: int = 0  # silent steps between samples, in which delayed spikes of one sample run out

    @property
    def period(self) -> int:
        """Lava steps from one sample to the next."""
        return self.timesteps + self.gap

    @property
    def source(self) -> Process:
        """The process that sends the input."""
        return next(p for p in self.processes if p.kind == "source")

    @property
    def sink(self) -> Process:
        """The process that receives the logits."""
        return next(p for p in self.processes if p.kind == "sink")

    @property
    def depth(self) -> int:
        """Steps from the input to the readout."""
        return max(p.depth for p in self.processes)

    def save(self, file: IO[bytes]) -> None:
        """Write the .npz."""
        description = {
            "format": WITH_GAPS if self.gap else FORMAT,
            "name": self.name,
            "timesteps": self.timesteps,
            "gap": self.gap,
            "integer": self.integer,
            "reduction": self.reduction,
            "processes": [asdict(p) for p in self.processes],
            "units": [asdict(u) for u in self.units],
        }
        arrays = {f"array/{name}": value for name, value in self.arrays.items()}
        np.savez_compressed(file, description=np.array(json.dumps(description)), **arrays)  # type: ignore[arg-type]


def first_words(error: BaseException) -> str:
    """The beginning of what NumPy or the zip module says, which may repeat a damaged file."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:LONGEST_WORDS]


def load_network(path: Path) -> LavaNetwork:
    """Read what `LavaNetwork.save` wrote.

    Raises:
        LavaRunError: there is no such file, it is damaged, or another version wrote it.
    """
    try:
        with np.load(path, allow_pickle=False) as content:
            text = json.loads(str(content["description"]))
            arrays = {name[len("array/") :]: content[name] for name in content.files if name.startswith("array/")}
        if text["format"] not in (FORMAT, WITH_GAPS):
            raise LavaRunError(f"{path} has format {text['format']}, this runtime reads {FORMAT}; export it again.")
        return LavaNetwork(
            name=text["name"],
            timesteps=int(text["timesteps"]),
            integer=bool(text["integer"]),
            processes=tuple(_process(p) for p in text["processes"]),
            units=tuple(Unit(u["name"], tuple(u["populations"])) for u in text["units"]),
            reduction=text["reduction"],
            arrays=arrays,
            gap=int(text.get("gap", 0)),
        )
    except FileNotFoundError as error:
        raise LavaRunError(f"There is no network file {path}; export the network again.") from error
    except BROKEN as error:
        raise LavaRunError(f"{path} is no network file ({first_words(error)}); export the network again.") from error


def load_result(path: Path) -> dict[str, Array]:
    """The arrays that the worker has written.

    Raises:
        LavaRunError: there are none, or they are damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as content:
            return {name: np.asarray(content[name]) for name in content.files}
    except BROKEN as error:
        raise LavaRunError(
            f"Lava says that it is done and left no result ({first_words(error)}); install its interpreter again."
        ) from error


def _process(text: Mapping[str, Any]) -> Process:
    return Process(
        name=text["name"],
        kind=text["kind"],
        shape=tuple(text["shape"]),
        depth=int(text["depth"]),
        sources=tuple(text["sources"]),
        params=text["params"],
        arrays=text["arrays"],
    )
