"""A network as blocks, synapses and axons, and the one file that it is saved in.

The file is an .npz: arrays by name, and one JSON entry `description` with the rest. Neurons are numbered as a flattened
(C, H, W) lies in memory. Membranes, currents, thresholds and biases are in 1/64 of a weight unit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Number = int | str  # a number, or the name of an array with one for each neuron
FORMAT = 1


@dataclass(frozen=True)
class Stream:
    """One bit of the integers that enter: a spike where it is set. `first`: as of the blocks that it reaches."""

    name: str
    size: int
    bit: int
    first: int


@dataclass(frozen=True)
class Block:
    """A population. `first` is the step, counted from 0, in which it takes what belongs to the first step of a sample.

    `kind` "unit" fires and starts each sample from `start`, "relay" passes spikes on whenever they come, "readout"
    never fires, and its current is what is read.
    """

    name: str
    kind: str
    size: int
    first: int
    values: Mapping[str, Number] = field(default_factory=dict)  # vth, du, dv, bias, start, current_start


@dataclass(frozen=True)
class Synapses:
    """Synapses into a block: of every axon the neurons that it reaches, and weights, times `sign` * 2^`exponent`."""

    name: str
    block: str
    weights: str  # name before /start [axons + 1], /to and /weight, which several may share
    axons: int
    exponent: int = 0
    sign: int = 1


@dataclass(frozen=True)
class Axons:
    """Where the spikes of a sender, a stream or a block, go: neuron -> axon by `to`, -1 for nowhere; "" as numbered."""

    sender: str
    synapses: str
    to: str = ""


@dataclass(frozen=True)
class Circuit:
    """Everything that the emulator is given."""

    timesteps: int
    streams: tuple[Stream, ...]
    blocks: tuple[Block, ...]
    synapses: tuple[Synapses, ...]
    axons: tuple[Axons, ...]
    arrays: Mapping[str, Array]

    @property
    def steps(self) -> int:
        """Steps of the emulator for one sample."""
        return self.timesteps + max((block.first for block in self.blocks), default=0)

    def save(self, file: IO[bytes]) -> None:
        """Write the .npz."""
        parts = {name: [asdict(part) for part in getattr(self, name)] for name in PARTS}
        description = {"format": FORMAT, "timesteps": self.timesteps, **parts}
        arrays = {f"array/{name}": value for name, value in self.arrays.items()}
        np.savez(file, description=np.array(json.dumps(description)), **arrays)  # type: ignore[arg-type]


PARTS: dict[str, Any] = {"streams": Stream, "blocks": Block, "synapses": Synapses, "axons": Axons}


def load_circuit(path: Path) -> Circuit:
    """Read what `Circuit.save` wrote.

    Raises:
        ValueError: another version wrote it.
    """
    with np.load(path, allow_pickle=False) as content:
        text = json.loads(str(content["description"]))
        arrays = {name[len("array/") :]: content[name] for name in content.files if name.startswith("array/")}
    if text["format"] != FORMAT:
        raise ValueError(f"the circuit has format {text['format']}, and this runtime reads {FORMAT}")
    parts = {name: tuple(kind(**part) for part in text[name]) for name, kind in PARTS.items()}
    return Circuit(timesteps=text["timesteps"], arrays=arrays, **parts)
