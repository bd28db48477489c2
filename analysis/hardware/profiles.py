"""Hardware as data: profiles in TOML, every constant with its source; a number without one is refused.

A profile names its model (which counts it prices), its technology, what it assumes and excludes, and its constants:
value, low, high, unit, source, table, kind and confidence. Add a chip by writing such a file and giving its path.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from snnhw.analysis.hardware.chips import check_chip
from snnhw.analysis.hardware.keys import Table, number_at, refuse_unknown, table_of, text_at, texts_of
from snnhw.analysis.hardware.scopes import UNSTATED, check_scope
from snnhw.analysis.ranges import Range
from snnhw.errors import InputError, unknown
from snnhw.files import toml_file
from snnhw.gates.plain_text import read_toml, shown
from snnhw.glance import Summarised, Summary
from snnhw.passes import DEPLOYMENTS

FOLDER = Path(__file__).with_name("profiles")
TWIN_BITS = {"fp32": 32, "int8": 8}  # precisions of an ANN twin, and the width of their numbers
KINDS = ("measured", "simulated", "fitted", "all-in", "convention")
CONFIDENCES = ("high", "medium", "low")
PREFIXES = {"f": 1e-15, "p": 1e-12, "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0}
UNITS = {prefix + base: (scale, base) for base in ("J", "W", "s") for prefix, scale in PREFIXES.items()} | {
    "pJ/bit": (1e-12, "J/bit"),
    "pJ/bit/hop": (1e-12, "J/bit/hop"),
    "pJ/hop": (1e-12, "J"),
    "uW/MHz": (1e-12, "J"),  # power per clock: energy of one cycle
    "MHz": (1e6, "Hz"),
    "1": (1.0, "1"),
}
# Per model: constants that must be there, constants that may.
MODELS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "operations": (("mac", "ac"), ("neuron_update",)),
    "memory": (("add", "multiply", "ram_floor", "ram_slope", "sram_8k", "sram_32k", "sram_1m"), ()),
    "events": (
        ("synop",),
        (
            *("synop_dense", "synop_sparse", "graded_extra", "neuron_update", "neuron_active_extra", "spike_out"),
            *("message", "hop_ew", "hop_ns", "host_mac", "idle_cycle", "chip_step"),
        ),
    ),
    "movement": (("synop", "neuron_update", "move_bit"), ("host_mac", "move_bit_dense")),
    "power": (("chip_power", "step_time"), ("chip_spike",)),
}
MEMORIES = ("sram_8k", "sram_32k", "sram_1m", "dram")
TIMES = (
    *("step_time", "barrier_time", "synop_time", "synop_time_dense", "synop_time_sparse"),
    *("neuron_time", "neuron_active_time", "spike_time", "message_in_time", "message_out_time"),
)
ALWAYS_ALLOWED = (*MEMORIES, "static_chip", *TIMES)
DIMENSIONS = {
    "ram_slope": "J/bit",
    "move_bit": "J/bit/hop",
    "move_bit_dense": "J/bit/hop",
    "chip_power": "W",
    "static_chip": "W",
    **dict.fromkeys(TIMES, "s"),
}


@dataclass(frozen=True)
class Constant:
    """A physical constant in SI units (J, W, s) with its provenance."""

    name: str
    range: Range
    dimension: str
    unit: str  # as printed in the source
    printed: float  # value in that unit
    technology_nm: float | None
    source: str
    table: str
    kind: str
    confidence: str
    spread: str = ""  # where low and high come from
    access_bits: int | None = None
    follows: str = ""  # what a derived constant was read off: all that follow it vary together
    by_tiles: tuple[tuple[int, float], ...] = ()  # (tiles in use, value in SI), for a time that grows with them

    @property
    def typical(self) -> float:
        """The value."""
        return self.range.typical

    def at_tiles(self, tiles: int) -> Range:
        """The range with so many tiles in use: the last of `by_tiles` that is not above; all of it without such a list.

        SANA-FE 2.2.9 reads its table so: 3 tiles wait as long as 2 do.
        """
        reached = [value for least, value in self.by_tiles if least <= tiles]
        return Range.exact(reached[-1]) if reached else self.range

    def to_dict(self) -> dict[str, object]:
        """Provenance for JSON and footnotes."""
        return {
            "value": self.printed,
            "unit": self.unit,
            **{f"si_{key}": value for key, value in self.range.to_dict().items()},
            "technology_nm": self.technology_nm,
            "source": self.source,
            "table": self.table,
            "kind": self.kind,
            "confidence": self.confidence,
            "spread": self.spread,
            "access_bits": self.access_bits,
        }


@dataclass(frozen=True, repr=False)
class Profile(Summarised):
    """One platform, or one technology with an accounting model."""

    name: str
    title: str
    model: str
    technology_nm: float
    deployment: str  # how multi-level units run there unless told otherwise
    constants: Mapping[str, Constant]
    twins: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict
    )  # precision -> profiles of the ANN, typical first
    voltage_v: float | None = None
    assumes: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    scope: str = UNSTATED  # what its energies cover, of `scopes.SCOPES`
    chip: str = ""  # whose measurements it is held against; empty: a technology, or no measurement is known
    misses: tuple[str, ...] = ()  # measurements that lie outside what it predicts
    number_bits: int | None = None  # width of its weights; None: not stated

    def summary(self) -> Summary:
        """The platform, and which constants are known of it."""
        kinds = [kind for kind in KINDS if any(constant.kind == kind for constant in self.constants.values())]
        return Summary(
            f"Profile {self.name!r}",
            (
                ("title", self.title),
                ("model", self.model),
                ("scope", self.scope),
                ("technology", f"{self.technology_nm:g} nm"),
                ("deployment", self.deployment),
                ("constants", f"{len(self.constants)}, {', '.join(kinds)}"),
                ("assumes", f"{len(self.assumes)} sentences"),
                ("excludes", f"{len(self.excludes)} sentences"),
            ),
        )

    def is_of(self, chip: str) -> bool:
        """Whether it prices the chip: the one that it names, or, if it names none, the one its name begins with."""
        return self.chip == chip if self.chip else self.name.startswith(chip)

    def __getitem__(self, name: str) -> Constant:
        """The constant called `name`."""
        if name not in self.constants:
            known = ", ".join(sorted(self.constants))
            raise InputError(f"Profile {self.name!r} has no constant {name!r}; it has {known}.")
        return self.constants[name]

    def __contains__(self, name: object) -> bool:
        """Whether the profile has the constant."""
        return name in self.constants


def available_profiles() -> tuple[str, ...]:
    """Names of the profiles that come with the package."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def load_profile(name: str | Path) -> Profile:
    """The profile called `name`, or the one in the TOML file at that path.

    Raises:
        InputError: no such profile, or the file breaks a rule; the message names the file, the constant and the remedy.
    """
    path = toml_file(name, FOLDER)
    if not os.path.exists(path):
        raise unknown("profile", name, available_profiles(), "a .toml file")
    data = read_toml(path, "profile", "give the path of a .toml file")
    return parse_profile(data, path.name)


def parse_profile(data: Table, where: str) -> Profile:
    """Profile from parsed TOML; `where` names the file in errors.

    Raises:
        InputError: a key is missing, unknown or wrong.
    """
    refuse_unknown(data, set(Profile.__dataclass_fields__), where)
    model = text_at(data, "model", where)
    if model not in MODELS:
        raise InputError(f"{where}: model {model!r} is unknown; choose one of {', '.join(MODELS)}.")
    technology = number_at(data, "technology_nm", where)
    constants = {
        key: _constant(key, table_of(table, f"{where}, constant {key!r}"), technology, f"{where}, constant {key!r}")
        for key, table in table_of(data.get("constants", {}), f"{where}, constants").items()
    }
    required, optional = MODELS[model]
    for key in required:
        if key not in constants:
            raise InputError(f"{where}: model {model!r} needs the constant {key!r}; add [constants.{key}].")
    for key in constants:
        if key not in (*required, *optional, *ALWAYS_ALLOWED):
            raise InputError(f"{where}: no model uses the constant {key!r}; remove or rename it.")
    widths = {c.access_bits for key, c in constants.items() if key in MEMORIES}
    if len(widths) > 1 or None in widths:
        raise InputError(f"{where}: memory energies have access widths {widths}; give all for one access_bits.")
    deployment = data.get("deployment", "channels")
    if deployment not in DEPLOYMENTS:
        raise InputError(f"{where}: deployment {deployment!r} is unknown; choose one of {', '.join(DEPLOYMENTS)}.")
    return Profile(
        name=text_at(data, "name", where),
        title=text_at(data, "title", where),
        model=model,
        technology_nm=technology,
        deployment=deployment,
        constants=constants,
        twins=_twins(table_of(data.get("twins", {}), f"{where}, twins"), where),
        voltage_v=number_at(data, "voltage_v", where) if "voltage_v" in data else None,
        assumes=texts_of(data.get("assumes", []), f"{where}: 'assumes'"),
        excludes=texts_of(data.get("excludes", []), f"{where}: 'excludes'"),
        scope=check_scope(text_at(data, "scope", where), where) if "scope" in data else UNSTATED,
        chip=check_chip(text_at(data, "chip", where), where) if "chip" in data else "",
        misses=texts_of(data.get("misses", []), f"{where}: 'misses'"),
        number_bits=_width(data, where, "number_bits"),
    )


def _twins(data: Table, where: str) -> Mapping[str, tuple[str, ...]]:
    """Profiles that price the ANN, by precision; each is one of the package or a path to a file."""
    found = {}
    for precision, names in data.items():
        if precision not in TWIN_BITS:
            raise InputError(f"{where}: names a twin {precision!r}; use {' or '.join(TWIN_BITS)}.")
        found[precision] = texts_of(names, f"{where}, twin {precision!r}")
        for name in found[precision]:
            if not name.endswith(".toml") and name not in available_profiles():
                raise InputError(
                    f"{where}: twin {precision!r} names the profile {name!r}, which does not exist; mend it."
                )
    return found


CONSTANT_KEYS = {"value", "low", "high", "unit", "technology_nm", "source", "table", "kind", "confidence", "spread"}


def _constant(name: str, data: Table, technology: float, where: str) -> Constant:
    refuse_unknown(data, CONSTANT_KEYS | {"access_bits", "by_tiles"}, where)
    unit, kind, confidence = (text_at(data, key, where) for key in ("unit", "kind", "confidence"))
    for word, known in ((unit, tuple(UNITS)), (kind, KINDS), (confidence, CONFIDENCES)):
        if word not in known:
            raise InputError(f"{where}: {word!r} is unknown; choose one of {', '.join(known)}.")
    scale, dimension = UNITS[unit]
    expected = DIMENSIONS.get(name, "J")
    if dimension != expected:
        raise InputError(f"{where}: {unit!r} is not a unit of {expected}; give the value in one that is.")
    value = number_at(data, "value", where)
    low = number_at(data, "low", where) if "low" in data else value
    high = number_at(data, "high", where) if "high" in data else value
    if not low <= value <= high:
        raise InputError(f"{where}: low {low}, value {value}, high {high} are not in ascending order; sort them.")
    if low != high and not data.get("spread"):
        raise InputError(f"{where}: says low and high but not where they come from; add `spread`.")
    return Constant(
        name=name,
        range=Range(low * scale, value * scale, high * scale),
        dimension=dimension,
        unit=unit,
        printed=value,
        technology_nm=number_at(data, "technology_nm", where) if "technology_nm" in data else technology,
        source=text_at(data, "source", where),
        table=text_at(data, "table", where),
        kind=kind,
        confidence=confidence,
        spread=text_at(data, "spread", where) if "spread" in data else "",
        access_bits=_width(data, where),
        by_tiles=_by_tiles(data, scale, where),
    )


def _width(data: Table, where: str, key: str = "access_bits") -> int | None:
    bits = data.get(key)
    if bits is not None and (type(bits) is not int or bits < 1):
        raise InputError(f"{where}: {key!r} is {bits!r}; give an integer of at least 1.")
    return bits


def _by_tiles(data: Table, scale: float, where: str) -> tuple[tuple[int, float], ...]:
    """Pairs [tiles, value] in ascending order of tiles, the values in SI and inside the range of the constant."""
    pairs = data.get("by_tiles", [])
    problem = InputError(f"{where}: 'by_tiles' is {shown(pairs)}; give a list of [tiles, value], tiles ascending.")
    if not isinstance(pairs, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        raise problem
    if not all(type(tiles) is int and tiles > 0 for tiles, _ in pairs):
        raise problem
    if [tiles for tiles, _ in pairs] != sorted({tiles for tiles, _ in pairs}):
        raise problem
    return tuple((tiles, number_at({"value": value}, "value", f"{where}, by_tiles") * scale) for tiles, value in pairs)
