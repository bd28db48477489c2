"""A kind of device as data: its conductances, how far they scatter and move, its faults and the wires around it.

Takes the name of a TOML file of `models/`, or the path of one; gives a `Device`. Every number has a source, a kind and
a confidence; one of the kind "assumption" is said wherever the device is used.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from snnhw.analysis.hardware.keys import Table, number_at, refuse_unknown, table_of, text_at, texts_of
from snnhw.errors import InputError
from snnhw.gates.plain_text import shown
from snnhw.gates.shipped import names_in, read_shipped

FOLDER = Path(__file__).with_name("models")
ASSUMPTION = "assumption"
KINDS = ("measured", "fitted", "simulated", "convention", ASSUMPTION)
CONFIDENCES = ("high", "medium", "low")
GIVEN = "given"  # kind of a number that is no file's
CHOSEN = "chosen for this run"
REQUIRED = {"g_on": "uS", "g_off": "uS"}  # constant -> its unit
OPTIONAL = {
    "read_noise": "1",
    "drift_exponent": "1",
    "drift_exponent_spread": "1",
    "drift_from": "s",
    "stuck_on": "1",
    "stuck_off": "1",
    "wire": "ohm",
}
UNITS = {**REQUIRED, **OPTIONAL}
SPREAD = "spread"  # what the numbers of a spread are called begins so
SHARES = ("stuck_on", "stuck_off")
PROVENANCE = {"unit", "source", "kind", "confidence"}


@dataclass(frozen=True)
class Origin:
    """Who says a number."""

    source: str
    kind: str
    confidence: str

    @property
    def text(self) -> str:
        """In one phrase."""
        return self.source if self.kind == GIVEN else f"{self.source} ({self.kind}, confidence {self.confidence})"


@dataclass(frozen=True)
class Spread:
    """Standard deviation of the conductance of a programmed device, in uS, `at_s` seconds after programming.

    sum_k coefficients_us[k] * (g / g_on)^k for the conductance g that was aimed at.
    """

    at_s: float
    coefficients_us: tuple[float, ...]


@dataclass(frozen=True)
class Device:
    """What one kind of device does; conductances in uS, times in s, shares as numbers from 0 to 1.

    `read_noise` is the standard deviation of a read as a share of g_on, new in each read. A conductance drifts as
    g (t / drift_from_s)^-nu with nu drawn for each device; 0: none. `stuck_on` and `stuck_off` are the shares of
    devices that have g_on or g_off whatever was programmed. `wire_ohm` is one segment of a word or bit line.
    """

    name: str
    title: str
    g_on_us: float
    g_off_us: float
    spreads: tuple[Spread, ...] = ()  # by ascending time; none: no spread
    read_noise: float = 0.0
    drift_exponent: float = 0.0
    drift_exponent_spread: float = 0.0
    drift_from_s: float = 1.0
    stuck_on: float = 0.0
    stuck_off: float = 0.0
    wire_ohm: float = 0.0
    origins: Mapping[str, Origin] | None = None
    assumes: tuple[str, ...] = ()

    @property
    def range_us(self) -> float:
        """From the lowest level to the highest."""
        return self.g_on_us - self.g_off_us

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What is taken for granted: sentences of the file, and every number that has no source."""
        guessed = sorted(key for key, origin in (self.origins or {}).items() if origin.kind == ASSUMPTION)
        return (*self.assumes, *(f"{key} is an assumption: {(self.origins or {})[key].source}." for key in guessed))

    @property
    def constants(self) -> tuple[tuple[str, str], ...]:
        """(name = value and unit, who says it) of every number that has an origin, as a page or a table shows them."""
        shown, spreads = [], {spread_name(spread.at_s): spread.coefficients_us for spread in self.spreads}
        for key, origin in (self.origins or {}).items():
            if key.startswith(SPREAD):
                powers = ", ".join(f"{value:g}" for value in spreads.get(key, (0.0,)))
                shown.append((f"{key} = {powers} uS, of the powers of g / g_on", origin.text))
            else:
                field = FIELDS[key]
                shown.append((f"{key} = {getattr(self, field):g} {MEANT[field]}".rstrip(), origin.text))
        return tuple(shown)

    def spread_to(self, share: float, *, proportional: bool = False, source: str = CHOSEN) -> Device:
        """The device with a spread of `share` at any time in place of its own.

        Args:
            share: of the range from g_off to g_on, the same at every conductance.
            proportional: it is a share of the conductance itself instead, so that devices near g_off hardly scatter.
            source: who says it.

        Raises:
            InputError: it is no finite number of at least 0.
        """
        if not (math.isfinite(share) and share >= 0):
            raise InputError(f"A spread of {share} is none; give a share of at least 0.")
        origins = {key: origin for key, origin in (self.origins or {}).items() if not key.startswith(SPREAD)}
        told = replace(self, origins=origins).told(source, spread_name(0.0))
        if not share:
            return replace(told, spreads=())
        coefficients = (0.0, share * self.g_on_us) if proportional else (share * self.range_us,)
        return replace(told, spreads=(Spread(0.0, coefficients),))

    def with_stuck(self, on: float, off: float, *, source: str = CHOSEN) -> Device:
        """The device with these shares of devices stuck at g_on and at g_off, which `source` says.

        Raises:
            InputError: they are no shares of all devices.
        """
        if not (on >= 0 and off >= 0 and on + off <= 1):
            raise InputError(f"{on} and {off} are no shares of all devices; give two of at least 0 and 1 together.")
        return self.given(source, stuck_on=on, stuck_off=off)

    def given(self, source: str, **values: float) -> Device:
        """The device with these constants (`wire`, `read_noise`, ...) in place of its own, which `source` says.

        Raises:
            InputError: one is no finite number of at least 0.
        """
        for key, value in values.items():
            if not (math.isfinite(value) and value >= 0):
                raise InputError(f"A {key} of {value} is none; give a number of at least 0.")
        told = self.told(source, *values)
        return replace(told, **{FIELDS[key]: value for key, value in values.items()})  # type: ignore[arg-type]

    def told(self, source: str, *keys: str) -> Device:
        """The same device, of whose numbers called `keys` `source` is what tables and pages say."""
        return replace(self, origins={**(self.origins or {}), **dict.fromkeys(keys, Origin(source, GIVEN, ""))})

    def ideal(self) -> Device:
        """The device with its conductances alone: no spread, noise, fault, drift or wire."""
        origins = {key: origin for key, origin in (self.origins or {}).items() if key in REQUIRED}
        return Device(self.name, self.title, self.g_on_us, self.g_off_us, origins=origins, assumes=self.assumes)

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON, with the origin of each number."""
        return {
            "name": self.name,
            "title": self.title,
            **{field: getattr(self, field) for field in FIELDS.values()},
            "units": dict(MEANT),
            "spreads": [{"at_s": s.at_s, "coefficients_us": list(s.coefficients_us)} for s in self.spreads],
            "origins": {FIELDS.get(key, key): origin.text for key, origin in (self.origins or {}).items()},
            "assumes": list(self.assumptions),
        }


FIELDS = {  # constant of a file -> field
    "g_on": "g_on_us",
    "g_off": "g_off_us",
    "read_noise": "read_noise",
    "drift_exponent": "drift_exponent",
    "drift_exponent_spread": "drift_exponent_spread",
    "drift_from": "drift_from_s",
    "stuck_on": "stuck_on",
    "stuck_off": "stuck_off",
    "wire": "wire_ohm",
}
MEANT = {  # field -> its unit in words
    "g_on_us": "uS",
    "g_off_us": "uS",
    "read_noise": "of g_on",
    "drift_exponent": "",
    "drift_exponent_spread": "",
    "drift_from_s": "s",
    "stuck_on": "of all devices",
    "stuck_off": "of all devices",
    "wire_ohm": "ohm from device to device",
}


def spread_name(at_s: float) -> str:
    """How the spread after so many seconds is called among the origins."""
    return f"{SPREAD} at {at_s:g} s"


def available_devices() -> tuple[str, ...]:
    """Names of the devices that come with the package."""
    return names_in(FOLDER)


def load_device(name: str | Path) -> Device:
    """The device called `name`, or the one in the TOML file at that path.

    Raises:
        InputError: no such device, or the file breaks a rule; the message names the file, the key and the remedy.
    """
    data, where = read_shipped("device", name, FOLDER)
    return parse_device(data, where)


def parse_device(data: Table, where: str) -> Device:
    """The device of a table of TOML; `where` names the file in errors.

    Raises:
        InputError: a key is missing, unknown or wrong.
    """
    refuse_unknown(data, {"name", "title", "assumes", "constants", "spread"}, where)
    constants = table_of(data.get("constants", {}), f"{where}, constants")
    for key in REQUIRED:
        if key not in constants:
            raise InputError(f"{where}: has no constant {key!r}; add [constants.{key}].")
    values, origins = {}, {}
    for key, table in constants.items():
        at = f"{where}, constant {key!r}"
        if key not in UNITS:
            raise InputError(f"{where}: no model uses the constant {key!r}; use {', '.join(UNITS)}.")
        own = table_of(table, at)
        refuse_unknown(own, PROVENANCE | {"value"}, at)
        values[FIELDS[key]] = number_at(own, "value", at)
        origins[key] = _origin(own, UNITS[key], at)
        if key in SHARES and values[FIELDS[key]] > 1:
            raise InputError(f"{at}: is {values[FIELDS[key]]}; give a share from 0 to 1.")
    if values["g_on_us"] <= values["g_off_us"]:
        raise InputError(f"{where}: g_on is not above g_off; give the highest conductance as g_on.")
    if values.get("stuck_on", 0.0) + values.get("stuck_off", 0.0) > 1:
        raise InputError(f"{where}: stuck_on and stuck_off are more than 1 together; give shares of all devices.")
    if values.get("drift_from_s", 1.0) == 0:
        raise InputError(f"{where}: drift_from is 0; give the time after programming at which g was measured.")
    spreads, told = _spreads(data.get("spread", []), where)
    return Device(
        name=text_at(data, "name", where),
        title=text_at(data, "title", where),
        spreads=spreads,
        origins={**origins, **told},
        assumes=texts_of(data.get("assumes", []), f"{where}: 'assumes'"),
        **values,
    )


def _origin(data: Table, unit: str, where: str) -> Origin:
    given, kind, confidence = (text_at(data, key, where) for key in ("unit", "kind", "confidence"))
    if given != unit:
        raise InputError(f"{where}: the unit is {given!r}; give the value in {unit}.")
    for word, known in ((kind, KINDS), (confidence, CONFIDENCES)):
        if word not in known:
            raise InputError(f"{where}: {word!r} is unknown; choose one of {', '.join(known)}.")
    return Origin(text_at(data, "source", where), kind, confidence)


def _spreads(tables: object, where: str) -> tuple[tuple[Spread, ...], dict[str, Origin]]:
    if not isinstance(tables, list):
        raise InputError(f"{where}: 'spread' is {shown(tables)}; write it as [[spread]], once for each time.")
    spreads, origins = [], {}
    for number, table in enumerate(tables, start=1):
        at = f"{where}, spread {number}"
        own = table_of(table, at)
        refuse_unknown(own, PROVENANCE | {"at_s", "coefficients"}, at)
        numbers = own.get("coefficients")
        if not isinstance(numbers, list) or not numbers or not all(_is_number(value) for value in numbers):
            raise InputError(f"{at}: 'coefficients' is {shown(numbers)}; give the numbers of the polynomial in g/g_on.")
        spreads.append(Spread(number_at(own, "at_s", at), tuple(float(value) for value in numbers)))
        origins[spread_name(spreads[-1].at_s)] = _origin(own, "uS", at)
    times = [spread.at_s for spread in spreads]
    if times != sorted(set(times)):
        raise InputError(f"{where}: the spreads are at {times} s; give each time once, ascending.")
    return tuple(spreads), origins


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
