"""What of a long measurement is finished, in one file beside the report, so that a killed one goes on where it was.

Counts are sums of whole numbers: the sums of the samples that ran, and how many these are, are all that is kept. The
file is written beside its place and renamed, so that it is always that of a whole number of batches, and its size does
not grow with the samples. What is half done when a process is killed is done again.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from snnhw.analysis.counting.streaming import sums_alone
from snnhw.errors import InputError
from snnhw.files import write_atomically
from snnhw.gates.numpy_file import read_arrays
from snnhw.graph.ir import Array
from snnhw.simulation.record import Meetings, SpikeRecord, UnitRecord

SIGN = "samples of an unfinished report"
ABOUT = "about"  # array with the bytes of a JSON object
UNIT, MET = ("levels", "sent", "by_step"), ("events", "synops")  # arrays of a unit, and of a product of spikes
EVERY_S = 10.0  # between two writings at least
SHARE = 20  # a writing is followed by at least that many times its own time without one


@dataclass(frozen=True)
class Sums:
    """What the first samples gave: the record of all steps and, on request, that of each; how many were right."""

    records: tuple[SpikeRecord, ...]
    correct: int = 0

    @property
    def samples(self) -> int:
        """How many samples these are."""
        return self.records[0].samples

    def __add__(self, other: Sums) -> Sums:
        """Those of both sets of samples."""
        pairs = zip(self.records, other.records, strict=True)
        return Sums(tuple(one.merge(two) for one, two in pairs), self.correct + other.correct)


class Unfinished:
    """The file of one process; `key` says what is measured, so that no other measurement goes on with it."""

    def __init__(self, folder: Path, key: str, part: str = "", *, force: bool = False) -> None:
        self.path = folder / file_of(part)
        self._key, self._force = key, force
        self._next = time.monotonic() + EVERY_S

    def read(self) -> Sums | None:
        """The sums of an earlier process; None where there are none, or those of something else that was measured.

        Raises:
            InputError: the file is damaged or of no report, and may not be replaced.
        """
        if not os.path.lexists(self.path):
            return None
        try:
            return _read(self.path, self._key)
        except InputError as error:
            if self._force:
                return None
            raise InputError(f"{str(error)[:-1]}, or give --force.") from error

    def save(self, sums: Sums) -> None:
        """Write the sums, unless it was done a short while ago."""
        if time.monotonic() < self._next:
            return
        started = time.monotonic()
        arrays = _arrays(sums, self._key)
        write_atomically(self.path, lambda file: np.savez_compressed(file, **arrays))  # type: ignore[arg-type]
        now = time.monotonic()
        self._next = now + max(EVERY_S, SHARE * (now - started))


def file_of(part: str = "") -> str:
    """Name of the file; `part` says which of several processes writes it, such as "0of2"."""
    return f"unfinished-{part}.npz" if part else "unfinished.npz"


def rows_of(part: str = "") -> str:
    """Name of the file beside it, with the rows of the samples that are finished."""
    return f"unfinished-{part}.rows" if part else "unfinished.rows"


def remove(folder: Path, parts: Iterable[str]) -> None:
    """Remove what is kept of a report that is written now, of all its processes."""
    for part in parts:
        for name in (file_of(part), rows_of(part)):
            (folder / name).unlink(missing_ok=True)


def _arrays(sums: Sums, key: str) -> dict[str, Array]:
    first = sums.records[0]
    arrays: dict[str, Array] = {}
    for r, record in enumerate(sums.records):
        for u, unit in enumerate(record.units.values()):
            for name, values in zip(UNIT, (unit.levels, unit.graded_spikes, unit.levels_t), strict=True):
                arrays[f"{r}/unit/{u}/{name}"] = values
        for p, met in enumerate(record.products.values()):
            arrays[f"{r}/product/{p}/events"], arrays[f"{r}/product/{p}/synops"] = met.events, met.synops
    about = {
        "sign": SIGN,
        "key": key,
        "samples": sums.samples,
        "correct": sums.correct,
        "timesteps": [record.timesteps for record in sums.records],
        "stepped": first.stepped,
        "logits": list(first.logits.shape[1:]),
        "units": [list(record.units) for record in sums.records],
        "products": [list(record.products) for record in sums.records],
        "checksum": _checksum(arrays),
    }
    return {ABOUT: np.frombuffer(json.dumps(about).encode(), np.uint8), **arrays}


def _read(path: Path, key: str) -> Sums | None:
    """Sums of the file; None where it is of another measurement.

    Raises:
        InputError: it cannot be read.
    """
    remedy = "remove it"
    given = read_arrays(path, [ABOUT], remedy=remedy, mend=remedy)[ABOUT]
    try:
        about = json.loads(given.astype(np.uint8).tobytes())
        if about["sign"] != SIGN:
            raise ValueError("it says so")
        if about["key"] != key:
            return None
        names = [f"{r}/unit/{u}/{n}" for r, units in enumerate(about["units"]) for u in range(len(units)) for n in UNIT]
        names += [
            f"{r}/product/{p}/{n}" for r, met in enumerate(about["products"]) for p in range(len(met)) for n in MET
        ]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"{path} is of no unfinished report; {remedy}.") from error
    arrays = read_arrays(path, [ABOUT, *names], remedy=remedy, mend=remedy)
    arrays.pop(ABOUT)
    if _checksum(arrays) != about["checksum"]:
        raise InputError(f"{path} is damaged; {remedy}.")
    records = []
    for r, (units, met) in enumerate(zip(about["units"], about["products"], strict=True)):
        record = SpikeRecord(
            about["samples"],
            about["timesteps"][r],
            {name: UnitRecord(*(arrays[f"{r}/unit/{u}/{n}"] for n in UNIT)) for u, name in enumerate(units)},
            np.zeros((0, *about["logits"])),
            stepped=about["stepped"],
            products={name: Meetings(*(arrays[f"{r}/product/{p}/{n}"] for n in MET)) for p, name in enumerate(met)},
        )
        records.append(record)
    return Sums(tuple(records), about["correct"])


def _checksum(arrays: Mapping[str, Array]) -> str:
    digest = hashlib.sha256()
    for name, values in sorted(arrays.items()):
        digest.update(f"{name} {values.shape} {values.dtype.str}".encode() + np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def of_batch(record: SpikeRecord, steps: Sequence[SpikeRecord] = (), correct: int = 0) -> Sums:
    """Sums of one batch; nothing that grows with the samples is in them."""
    return Sums((sums_alone(record), *(replace(step, logits=step.logits[:0]) for step in steps)), correct)
