"""A constant of a profile: what it is worth, in which unit, how far it may vary, and who says so.

Takes a table of TOML; a number without its source, its kind or a unit of its dimension is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

from snnhw.analysis.hardware.keys import Table, number_at, refuse_unknown, text_at
from snnhw.analysis.ranges import Range
from snnhw.errors import InputError
from snnhw.gates.plain_text import shown

KINDS = ("measured", "simulated", "fitted", "all-in", "convention")
CONFIDENCES = ("high", "medium", "low")
PREFIXES = {"f": 1e-15, "p": 1e-12, "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0}
UNITS = {prefix + base: (scale, base) for base in ("J", "W", "s") for prefix, scale in PREFIXES.items()} | {
    "pJ/bit": (1e-12, "J/bit"),
    "pJ/bit/hop": (1e-12, "J/bit/hop"),
    "pJ/hop": (1e-12, "J"),
    "uW/MHz": (1e-12, "J"),  # power per clock: energy of one cycle
    "MHz": (1e6, "Hz"),
    "um2": (1e-12, "m2"),
    "1": (1.0, "1"),
}
TIMES = (
    *("step_time", "barrier_time", "synop_time", "synop_time_dense", "synop_time_sparse"),
    *("neuron_time", "neuron_active_time", "spike_time", "message_in_time", "message_out_time"),
)
AREAS = ("device_area", "adc_area", "driver_area", "shift_add_area", "buffer_bit_area", "neuron_area")  # of crossbars
DIMENSIONS = {
    "ram_slope": "J/bit",
    "move_bit": "J/bit/hop",
    "move_bit_dense": "J/bit/hop",
    "chip_power": "W",
    "static_chip": "W",
    "buffer_bit": "J/bit",
    "bus_bit": "J/bit",
    **dict.fromkeys((*TIMES, "read_time", "adc_time"), "s"),
    **dict.fromkeys(AREAS, "m2"),
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


CONSTANT_KEYS = {"value", "low", "high", "unit", "technology_nm", "source", "table", "kind", "confidence", "spread"}


def parse_constant(name: str, data: Table, technology: float | None, where: str) -> Constant:
    """The constant called `name` from its table in a profile of `technology` nm.

    Raises:
        InputError: a key is missing, unknown or wrong; `where` names the place in it.
    """
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
        access_bits=width_at(data, where),
        by_tiles=_by_tiles(data, scale, where),
    )


def width_at(data: Table, where: str, key: str = "access_bits") -> int | None:
    """The number of bits at `key`, None where there is none.

    Raises:
        InputError: it is no whole number of at least 1.
    """
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
