"""The record of a simulation, the same from every backend.

Counts are exact int64 sums over samples; records of batches add up (`merge`), so memory does not grow with the data.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from snnhw.data.labels import class_numbers, row_of_classes
from snnhw.errors import InputError
from snnhw.glance import Summarised, Summary, shape_text
from snnhw.graph.ir import Array, Graph


@dataclass(frozen=True)
class UnitRecord:
    """Spikes of one K-level unit (K = 1 for a plain LIF)."""

    levels: Array  # int64 [K, *shape]: spikes of each level, summed over samples and steps
    graded_spikes: Array  # int64 [*shape]: those sent, one for each (sample, step) in which some level fires
    levels_t: Array  # int64 [K, T]: spikes per level and time step, summed over samples and neurons

    @property
    def spikes(self) -> Array:
        """int64 [*shape]: unit spikes, i.e. the sum of the integers sent."""
        total: Array = self.levels.sum(axis=0)
        return total

    def __add__(self, other: UnitRecord) -> UnitRecord:
        """Record of two disjoint sets of samples."""
        return UnitRecord(
            self.levels + other.levels, self.graded_spikes + other.graded_spikes, self.levels_t + other.levels_t
        )


@dataclass(frozen=True)
class Meetings:
    """Pairs of spikes that met in a product of two spike tensors, by time step, summed over samples."""

    events: Array  # int64 [T]: pairs of which neither is 0
    synops: Array  # int64 [T]: the same, each pair as often as the product of both values says

    def __add__(self, other: Meetings) -> Meetings:
        """Those of two disjoint sets of samples."""
        return Meetings(self.events + other.events, self.synops + other.synops)

    def at(self, step: int) -> Meetings:
        """Those of one step."""
        return Meetings(self.events[step : step + 1], self.synops[step : step + 1])


@dataclass(frozen=True)
class Keep:
    """Arrays that a record holds beside the counts."""

    raster: bool = False  # every spike, uint8 [N, T, K, *shape] per unit
    membranes: bool = False  # every membrane before the reset, [N, T, K, *shape] per unit


COUNTS = Keep()


@dataclass(frozen=True, repr=False)
class SpikeRecord(Summarised):
    """Result of running a graph on `samples` samples of `timesteps` steps."""

    samples: int
    timesteps: int
    units: Mapping[str, UnitRecord]
    logits: Array  # [N, classes] or [N, *shape], float or int64; of the first read-out
    raster: Mapping[str, Array] = field(default_factory=dict)  # unit -> uint8 [N, T, K, *shape], on request
    membranes: Mapping[str, Array] = field(default_factory=dict)  # unit -> u before reset [N, T, K, *shape], on request
    outputs: Mapping[str, Array] = field(default_factory=dict)  # read-out -> logits, where the network has several
    stepped: bool = False  # the samples had an axis of time steps; False: each was shown at every step
    products: Mapping[str, Meetings] = field(default_factory=dict)  # product of two spike tensors -> what met in it

    def summary(self) -> Summary:
        """Sums over units, samples and time steps."""
        units = self.units.values()
        recorded = {"rasters": self.raster, "membranes": self.membranes}
        return Summary(
            "SpikeRecord",
            (
                ("simulated", f"{self.samples:,} samples of {self.timesteps} time steps"),
                ("units", f"{len(units)} with {sum(unit.graded_spikes.size for unit in units):,} positions"),
                ("spikes", f"{sum(int(unit.levels.sum()) for unit in units):,}"),
                ("graded spikes", f"{sum(int(unit.graded_spikes.sum()) for unit in units):,}"),
                ("logits", f"{shape_text(self.logits.shape)}, {self.logits.dtype}"),
                *((f"output {name}", shape_text(logits.shape)) for name, logits in self.outputs.items()),
                *((word, f"of {len(arrays)} units") for word, arrays in recorded.items() if arrays),
            ),
        )

    def merge(self, other: SpikeRecord) -> SpikeRecord:
        """Record of both sets of samples, `self` first."""
        return SpikeRecord(
            self.samples + other.samples,
            self.timesteps,
            {name: unit + other.units[name] for name, unit in self.units.items()},
            np.concatenate([self.logits, other.logits]),
            {name: np.concatenate([r, other.raster[name]]) for name, r in self.raster.items()},
            {name: np.concatenate([u, other.membranes[name]]) for name, u in self.membranes.items()},
            {name: np.concatenate([logits, other.outputs[name]]) for name, logits in self.outputs.items()},
            self.stepped or other.stepped,
            {name: met + other.products[name] for name, met in self.products.items()},
        )

    def correct(self, target: Array) -> int:
        """Number of samples whose largest logit is the target's; target [N].

        Raises:
            InputError: the network ends in no row of classes, or a target is no class of it.
        """
        return int(self.hits(target).sum())

    def hits(self, target: Array) -> Array:
        """bool [N]: whether the largest logit of each sample is the target's; target and errors as in `correct`."""
        numbers = class_numbers(target, "the samples", row_of_classes(self.logits.shape[1:]))
        found: Array = self.logits.argmax(axis=1) == numbers
        return found

    def accuracy(self, target: Array) -> float:
        """Share of samples whose largest logit is the target's; target and errors as in `correct`."""
        return self.correct(target) / len(target)

    def arrays(self) -> dict[str, Array]:
        """The `spikes.npz` layout: counts/, levels/, events/ (graded spikes), counts_t/ and levels_t/<unit>; logits.

        Where the network has several read-outs, also logits/<read-out>; of products of two spike tensors, the pairs
        that met by time step, met/ and met_units/<product>.
        """
        out: dict[str, Array] = {"logits": self.logits}
        out |= {f"logits/{name}": logits for name, logits in self.outputs.items()}
        for name, unit in self.units.items():
            out[f"counts/{name}"] = unit.spikes
            out[f"levels/{name}"] = unit.levels
            out[f"events/{name}"] = unit.graded_spikes  # the documented key
            out[f"counts_t/{name}"] = unit.levels_t.sum(axis=0)
            out[f"levels_t/{name}"] = unit.levels_t
        for name, met in self.products.items():
            out[f"met/{name}"] = met.events
            out[f"met_units/{name}"] = met.synops
        for name, raster in self.raster.items():
            out[f"raster/{name}"] = raster
        return out

    def save(self, path: str | Path) -> None:
        """Write `spikes.npz`, first beside its place and then renamed, so that no half-written file is left."""
        from snnhw.files import write_atomically

        write_atomically(Path(path), lambda f: np.savez_compressed(f, **self.arrays()))  # type: ignore[arg-type]


def outputs_of(graph: Graph, found: Mapping[str, Array]) -> tuple[Array, dict[str, Array]]:
    """(logits of the first read-out, logits of all where there are several) of a graph.

    Raises:
        InputError: the graph has no read-out.
    """
    names = [node.name for node in graph.readouts]
    if not names:
        raise InputError(f"Graph {graph.name!r} has no read-out; add one behind the last layer.")
    return found[names[0]], {name: found[name] for name in names} if len(names) > 1 else {}


# What stands before the slash in the names of the arrays
PARTS = ("logits", "counts", "levels", "events", "counts_t", "levels_t", "met", "met_units", "raster")


def check_replaceable(path: Path) -> None:
    """Nothing, where `path` is free for a record: nothing is there, or an earlier record.

    Raises:
        InputError: something else is there.
    """
    from snnhw.gates.regular import is_file

    if not is_file(path):  # a folder or device is refused or written to by `write_atomically`
        return
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.removesuffix(".npy") for name in archive.namelist()]
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        names = []
    if "logits" not in names or not all(name.partition("/")[0] in PARTS for name in names):
        raise InputError(f"{path} exists and is no record of spikes; choose another --output or give --force.")


def unit_record(raster: Array) -> UnitRecord:
    """Record of a raster [N, T, K, *shape] of 0/1."""
    r = raster.astype(np.int64)
    return UnitRecord(
        levels=r.sum(axis=(0, 1)),
        graded_spikes=(r.sum(axis=2) > 0).sum(axis=(0, 1), dtype=np.int64),
        levels_t=r.sum(axis=(0, *range(3, r.ndim))).T,
    )


def levels_of(values: Array, levels: int, steps: int) -> Array:
    """The raster uint8 [N, T, K, *shape] of whole numbers 0..K [N, 1 or T, *shape]: level k where it is k or more."""
    frames = np.broadcast_to(np.rint(values), (len(values), steps, *values.shape[2:]))
    return np.stack([frames >= k + 1 for k in range(levels)], axis=2).astype(np.uint8)


def event_record(frames: Array, levels: int, steps: int) -> UnitRecord:
    """Record of an input of graded spikes 0..levels [N, 1 or T, *shape]; level k fires where the value is k or more.

    One level after the other, so that memory does not grow with their number.
    """
    of_level = np.zeros((levels, *frames.shape[2:]), np.int64)
    of_step = np.zeros((levels, steps), np.int64)
    values, space = np.rint(frames), tuple(range(2, frames.ndim))
    repeated = steps // frames.shape[1]  # a static sample comes at every step
    for k in range(levels):
        fires = values >= k + 1
        of_level[k] = fires.sum(axis=(0, 1), dtype=np.int64) * repeated
        of_step[k] = fires.sum(axis=(0, *space), dtype=np.int64)
    return UnitRecord(of_level, of_level[0].copy(), of_step)
