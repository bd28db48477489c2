"""Measurements of chips as data: what was measured, of which network, what it covers, and where it stands.

Takes the TOML files of this folder; gives frozen points in SI units. A number without its source or grade is refused.
A network is described where its source allows: neurons, steps, and how many synops and spikes one sample can take.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from snnhw.analysis.hardware.chips import check_chip
from snnhw.analysis.hardware.constants import UNITS
from snnhw.analysis.hardware.keys import number_at, refuse_unknown, table_of, text_at
from snnhw.analysis.hardware.scopes import check_scope
from snnhw.analysis.ranges import Range
from snnhw.errors import InputError
from snnhw.gates.plain_text import read_toml, shown

FOLDER = Path(__file__).parent
GRADES = {
    "primary": "read in the authors' own files or tables",
    "secondary": "quoted by others; the primary source was not read",
    "abstract": "from an abstract; the body was not read",
}
QUANTITIES = {"energy per sample": "J", "power": "W", "time per step": "s", "time per sample": "s"}
FILE_KEYS = {"chip", "source", "grade", "networks", "points"}
NETWORK_KEYS = {"neurons", "steps", "synops", "spikes", "seconds", "known"}
POINT_KEYS = {
    *("id", "workload", "network", "quantity", "value", "unit", "scope", "table"),
    *("source", "grade", "spread", "conditions", "same_as", "read_off_by"),
}


@dataclass(frozen=True)
class Described:
    """One sample of a network in the terms of our counts, as ranges where the source gives bounds alone."""

    neurons: int | None  # None, here and below: the source does not say
    steps: int
    synops: Range | None  # synaptic operations of one sample
    spikes: Range | None  # that arrive as messages in one sample
    seconds: float | None  # of one sample
    known: str  # where these counts come from


@dataclass(frozen=True)
class Point:
    """One measurement in SI units."""

    id: str
    chip: str
    workload: str
    quantity: str  # of QUANTITIES
    value: float  # in SI
    printed: float
    unit: str
    scope: str
    source: str
    table: str
    grade: str
    network: Described | None = None
    spread: float | None = None  # in SI: how far a repetition may lie
    conditions: str = ""
    same_as: str = ""  # the point of the same run that it follows from; it is not counted twice
    read_off_by: tuple[str, ...] = ()  # profiles with a constant that was read off this point: no test of them

    @property
    def dimension(self) -> str:
        """J, W or s."""
        return QUANTITIES[self.quantity]

    def to_dict(self) -> dict[str, object]:
        """What was measured, for JSON."""
        keys = (
            "id",
            "chip",
            "workload",
            "quantity",
            "value",
            "scope",
            "spread",
            "conditions",
            "source",
            "table",
            "grade",
        )
        return {**{key: getattr(self, key) for key in keys}, "unit": self.dimension, "grade": self.grade}


def measured_points(folder: Path = FOLDER) -> tuple[Point, ...]:
    """Every point of the files in a folder, in the order of the files' names.

    Raises:
        InputError: a file breaks a rule, or two points have one id.
    """
    paths = sorted(folder.glob("*.toml"))
    found = [point for path in paths for point in parse_points(read_toml(path, "measurements", "mend it"), path.name)]
    ids = [point.id for point in found]
    for point in found:
        if ids.count(point.id) > 1:
            raise InputError(f"Two measurements are called {point.id!r}; rename one.")
        if point.same_as and point.same_as not in ids:
            raise InputError(f"{point.id}: is the same run as {point.same_as!r}, which is no measurement; mend it.")
    return tuple(found)


def parse_points(data: Mapping[str, object], where: str) -> tuple[Point, ...]:
    """Points from parsed TOML; `where` names the file in errors.

    Raises:
        InputError: a key is missing, unknown or wrong.
    """
    refuse_unknown(data, FILE_KEYS, where)
    networks = {
        name: _network(table_of(table, f"{where}, network {name!r}"), f"{where}, network {name!r}")
        for name, table in table_of(data.get("networks", {}), f"{where}, networks").items()
    }
    rows = data.get("points")
    if not isinstance(rows, list) or not rows:
        raise InputError(f"{where}: has no measurements; add [[points]].")
    return tuple(_point(table_of(row, f"{where}, points"), data, networks, where) for row in rows)


def _point(
    row: Mapping[str, object], file: Mapping[str, object], networks: Mapping[str, Described], where: str
) -> Point:
    name = text_at(row, "id", where)
    at = f"{where}, {name!r}"
    refuse_unknown(row, POINT_KEYS, at)
    both = {**{key: file[key] for key in ("source", "grade") if key in file}, **row}
    quantity, unit, grade = text_at(row, "quantity", at), text_at(row, "unit", at), text_at(both, "grade", at)
    for word, known in ((quantity, QUANTITIES), (grade, GRADES), (unit, UNITS)):
        if word not in known:
            raise InputError(f"{at}: {word!r} is unknown; choose one of {', '.join(known)}.")
    scale, dimension = UNITS[unit]
    if dimension != QUANTITIES[quantity]:
        raise InputError(f"{at}: {unit!r} is not a unit of {QUANTITIES[quantity]}; give the value in one that is.")
    network = row.get("network")
    if network is not None and network not in networks:
        raise InputError(f"{at}: the network {network!r} is not described; add [networks.{network}].")
    read_off_by = row.get("read_off_by", [])
    if not isinstance(read_off_by, list) or not all(isinstance(text, str) for text in read_off_by):
        raise InputError(f"{at}: 'read_off_by' is {shown(read_off_by)}; give a list of profiles.")
    value = number_at(row, "value", at)
    return Point(
        id=name,
        chip=check_chip(text_at(file, "chip", where), where),
        workload=text_at(row, "workload", at),
        quantity=quantity,
        value=value * scale,
        printed=value,
        unit=unit,
        scope=check_scope(text_at(row, "scope", at), at),
        source=text_at(both, "source", at),
        table=text_at(row, "table", at),
        grade=grade,
        network=networks[str(network)] if network is not None else None,
        spread=number_at(row, "spread", at) * scale if "spread" in row else None,
        conditions=text_at(row, "conditions", at) if "conditions" in row else "",
        same_as=text_at(row, "same_as", at) if "same_as" in row else "",
        read_off_by=tuple(read_off_by),
    )


def _network(data: Mapping[str, object], where: str) -> Described:
    refuse_unknown(data, NETWORK_KEYS, where)
    seconds = number_at(data, "seconds", where) if "seconds" in data else None
    return Described(
        neurons=_whole(data, "neurons", where) if "neurons" in data else None,
        steps=_whole(data, "steps", where),
        synops=_range(data, "synops", where) if "synops" in data else None,
        spikes=_range(data, "spikes", where) if "spikes" in data else None,
        seconds=seconds,
        known=text_at(data, "known", where),
    )


def _range(data: Mapping[str, object], key: str, where: str) -> Range:
    """A number, or a list of low, typical and high."""
    value = data.get(key)
    ends = value if isinstance(value, list) else [value] * 3
    if len(ends) != 3:
        raise InputError(f"{where}: {key!r} is {shown(value)}; give a number, or low, typical and high.")
    return Range(*(number_at({key: end}, key, where) for end in ends))


def _whole(data: Mapping[str, object], key: str, where: str) -> int:
    value = number_at(data, key, where)
    if value != int(value) or value < 1:
        raise InputError(f"{where}: {key!r} is {value:g}; give an integer of at least 1.")
    return int(value)
