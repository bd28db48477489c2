"""One key of a recipe and the values that a sweep may give it: a list, a range of whole numbers or one of numbers.

A value is drawn as what every storage of trials can hold, a number or a text; lists and tables, such as thresholds, are
drawn as their JSON.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

from snnhw.errors import InputError
from snnhw.gates.plain_text import shown

Drawn = int | float | str
MOST_CHOICES = 1000
RANGE_KEYS = ("low", "high", "step", "log")


@dataclass(frozen=True)
class Choice:
    """A list of values, without an order."""

    key: str
    values: tuple[str, ...]  # as JSON

    @property
    def size(self) -> int:
        """How many values there are."""
        return len(self.values)

    def at(self, index: int) -> Drawn:
        """The value with that number, from 0."""
        return self.values[index]

    @property
    def ends(self) -> tuple[Drawn, ...]:
        """Values that must be allowed for all to be: here each of them."""
        return self.values


@dataclass(frozen=True)
class Whole:
    """Whole numbers from low to high."""

    key: str
    low: int
    high: int  # the last one that steps reach
    step: int = 1
    log: bool = False  # as likely between 1 and 10 as between 10 and 100

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return (self.high - self.low) // self.step + 1

    def at(self, index: int) -> Drawn:
        """The number with that place, from 0."""
        return self.low + index * self.step

    @property
    def ends(self) -> tuple[Drawn, ...]:
        """Smallest and largest."""
        return self.low, self.high


@dataclass(frozen=True)
class Number:
    """All numbers from low to high."""

    key: str
    low: float
    high: float
    log: bool = False

    @property
    def size(self) -> None:
        """There are too many to be counted."""
        return None

    @property
    def ends(self) -> tuple[Drawn, ...]:
        """Smallest and largest."""
        return self.low, self.high


Dimension = Choice | Whole | Number


def setting(dimension: Dimension, drawn: Drawn) -> str:
    """The value as `--set` of `snnhw train` takes it: key=value."""
    return f"{dimension.key}={drawn if isinstance(dimension, Choice) else json.dumps(drawn)}"


def value_of(dimension: Dimension, drawn: Drawn) -> object:
    """The value as a person writes it: a list where its JSON was drawn."""
    return json.loads(str(drawn)) if isinstance(dimension, Choice) else drawn


def dimensions(space: Mapping[str, object], where: str) -> tuple[Dimension, ...]:
    """Dimensions of a table of the SPEC; tables in it are dotted keys, and those with low and high are ranges.

    Raises:
        InputError: a list is empty or holds a value twice, or a range is none; the message names the key.
    """
    found: list[Dimension] = []
    left = list(space.items())
    while left:
        key, value = left.pop(0)
        if isinstance(value, Mapping) and not set(value) & set(RANGE_KEYS):
            left = [(f"{key}.{inner}", one) for inner, one in value.items()] + left
            continue
        found.append(_range(key, value, where) if isinstance(value, Mapping) else _choice(key, value, where))
    return tuple(found)


def _choice(key: str, value: object, where: str) -> Choice:
    if not isinstance(value, list) or not value:
        raise InputError(
            f"{where} has {key} = {shown(value)} in its space; give a list of values or {{ low = 1, high = 4 }}."
        )
    if len(value) > MOST_CHOICES:
        raise InputError(f"{where} has {len(value):,} values of {key}; give at most {MOST_CHOICES:,}, or a range.")
    try:
        texts = tuple(json.dumps(one, allow_nan=False) for one in value)
    except (TypeError, ValueError) as error:  # dates, and what is not a number
        raise InputError(f"{where} has a value of {key} that no recipe can have ({error}); leave it out.") from error
    if any(isinstance(one, dict) for one in value):
        raise InputError(f"{where} has a table among the values of {key}; give each key of it a list of its own.")
    twice = next((text for text in texts if texts.count(text) > 1), None)
    if twice is not None:
        raise InputError(f"{where} has {twice} twice among the values of {key}; give it once.")
    return Choice(key, texts)


def _range(key: str, value: Mapping[str, object], where: str) -> Whole | Number:
    for name in value:
        if name not in RANGE_KEYS:
            raise InputError(f"{where} has {shown(name)} in the range of {key}; it may have {', '.join(RANGE_KEYS)}.")
    low, high, step, log = (
        value.get(name, other) for name, other in zip(RANGE_KEYS, (None, None, 1, False), strict=True)
    )
    if not _number(low) or not _number(high) or low > high or not isinstance(log, bool):  # type: ignore[operator]
        raise InputError(f"{where} has the range {shown(dict(value))} for {key}; give numbers low and high, low first.")
    assert isinstance(low, int | float) and isinstance(high, int | float)
    if log and low <= 0:
        raise InputError(f"{where} has log = true for {key} from {low}, and no logarithm begins there; give low > 0.")
    if isinstance(low, int) and isinstance(high, int):
        if type(step) is not int or step < 1 or (log and step != 1):
            raise InputError(
                f"{where} has step = {shown(step)} for {key}; give a whole number of at least 1, without log."
            )
        return Whole(key, low, low + (high - low) // step * step, step, log)
    if "step" in value:
        raise InputError(f"{where} has a step for {key}, whose range is not of whole numbers; give a list instead.")
    return Number(key, float(low), float(high), log)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
