"""A kind of crossbar as data: its size, its devices, how it is driven and read, each with the source of the limits.

Takes the name of a TOML file of `arrays/`, or the path of one; gives a `Crossbar`. What a read costs is in a profile.
"""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from snnhw.analysis.hardware.keys import Table, text_at, texts_of
from snnhw.errors import InputError
from snnhw.files import toml_file
from snnhw.gates.plain_text import read_toml, shown
from snnhw.gates.shipped import names_in, read_shipped

FOLDER = Path(__file__).with_name("arrays")
Signs = Literal["differential", "offset"]
Drive = Literal["channels", "pulse", "slots"]


@dataclass(frozen=True, kw_only=True)
class Crossbar:
    """One kind of tile, and how layers use it.

    `signs`: a weight is the difference of two columns ("differential"), or a positive number of which an "offset"
    column takes a constant off. `drive`: spikes of up to L enter in L binary reads, one for each level ("channels") or
    one for each sub-step ("slots"), or in one "pulse" of L levels. `rows_per_read` None: all word lines of a tile at
    once. `adc_bits` None: in each layer as many as lose nothing.
    """

    name: str
    title: str
    rows: int  # word lines of a tile
    columns: int  # bit lines of a tile
    device_bits: int  # of the conductance of one device
    weight_bits: int  # of a weight with its sign, where the network is in floats
    columns_per_adc: int  # bit lines that share a converter, one after the other
    source: str
    confidence: str
    signs: Signs = "differential"
    drive: Drive = "channels"
    rows_per_read: int | None = None
    adc_bits: int | None = None
    assumes: tuple[str, ...] = ()

    @property
    def rows_at_once(self) -> int:
        """Word lines that one read drives at most."""
        return self.rows if self.rows_per_read is None else min(self.rows_per_read, self.rows)

    def having(self, **changes: object) -> Crossbar:
        """The crossbar with other choices.

        Raises:
            InputError: there is no such choice, or its value is none.
        """
        fields = {name: value for name, value in dataclasses.asdict(self).items() if value is not None}
        given = {name: value for name, value in changes.items() if value is not None}
        return parse_crossbar({**fields, "assumes": list(self.assumes), **given}, self.name)


def available_crossbars() -> tuple[str, ...]:
    """Names of the crossbars that come with the package."""
    return names_in(FOLDER)


def is_crossbar(name: str | Path) -> bool:
    """Whether a chip, by name or TOML file, is made of crossbars: a file of crossbars says how many rows they have."""
    path = toml_file(name, FOLDER)
    return os.path.exists(path) and "rows" in read_toml(path, "chip", "give the path of a .toml file")


def load_crossbar(name: str | Path) -> Crossbar:
    """The crossbar called `name`, or the one in the TOML file at that path.

    Raises:
        InputError: no such crossbar, or a key is missing, unknown or wrong.
    """
    data, where = read_shipped("crossbar", name, FOLDER)
    return parse_crossbar(data, where)


def parse_crossbar(data: Table, where: str) -> Crossbar:
    """The crossbar of a table of TOML; `where` names the file in errors.

    Raises:
        InputError: a key is missing, unknown or wrong.
    """
    fields = {field.name: field for field in dataclasses.fields(Crossbar)}
    for key in data:
        if key not in fields:
            raise InputError(f"{where}: the key {key!r} is unknown; use {', '.join(fields)}.")
    for key in TEXTS:
        text_at(data, key, where)
    for key, known in CHOICES.items():
        if key in data and data[key] not in known:
            raise InputError(f"{where}: {key!r} is {shown(data[key])}; give one of {', '.join(known)}.")
    for key in fields:
        if key in (*TEXTS, *CHOICES, "assumes"):
            continue
        if key not in data and fields[key].default is dataclasses.MISSING:
            raise InputError(f"{where}: has no {key!r}; add it.")
        value, least = data.get(key, 1), 2 if key in ("weight_bits", "columns") else 1
        if type(value) is not int or value < least:
            raise InputError(f"{where}: {key!r} is {shown(value)}; give an integer of at least {least}.")
        if key in MOST and value > MOST[key][0]:
            raise InputError(f"{where}: {key!r} is {shown(value)} and {MOST[key][1]}; give at most {MOST[key][0]}.")
    rows, at_once = data["rows"], data.get("rows_per_read", 1)
    if isinstance(rows, int) and isinstance(at_once, int) and at_once > rows:
        raise InputError(
            f"{where}: 'rows_per_read' is {at_once} and a tile has {rows} rows; give at most as "
            "many, or leave it out to read all at once."
        )
    assumes = texts_of(data.get("assumes", []), f"{where}: 'assumes'")
    return Crossbar(**{**data, "assumes": assumes})  # type: ignore[arg-type]


MOST: dict[str, tuple[int, str]] = {  # key -> the most of it, and why
    "rows": (65536, "no array has so many word lines"),
    "columns": (65536, "no array has so many bit lines"),
    "device_bits": (8, "no device tells more levels apart"),
    "weight_bits": (24, "a weight of 32-bit floats has no more"),
    "adc_bits": (16, "no converter beside an array tells so many sums apart"),
}
TEXTS = ("name", "title", "source", "confidence")
CHOICES: dict[str, tuple[str, ...]] = {"signs": get_args(Signs), "drive": get_args(Drive)}
