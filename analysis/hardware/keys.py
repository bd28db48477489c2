"""Keys of parsed TOML: each is read as what it must be, and a wrong one is named with its file and remedy."""

from __future__ import annotations

import math
from collections.abc import Mapping

from snnhw.errors import InputError
from snnhw.gates.plain_text import shown

Table = Mapping[str, object]  # of TOML


def table_of(value: object, where: str) -> Table:
    """The value, which has to be a table.

    Raises:
        InputError: it is not.
    """
    if not isinstance(value, Mapping):
        raise InputError(f"{where}: is {shown(value)}; make it a table of keys and values.")
    return value


def texts_of(value: object, where: str) -> tuple[str, ...]:
    """The value, which has to be a list of texts.

    Raises:
        InputError: it is not.
    """
    if not isinstance(value, list) or not all(isinstance(text, str) and text.strip() for text in value):
        raise InputError(f"{where} is {shown(value)}; give a list of texts.")
    return tuple(value)


def text_at(data: Table, key: str, where: str) -> str:
    """The text at a key, which has to be there.

    Raises:
        InputError: it is not.
    """
    value = data.get(key)
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{where}: has no {key!r}; every number needs one, add it.")
    return value


def number_at(data: Table, key: str, where: str) -> float:
    """The number at a key: there, finite and not negative.

    Raises:
        InputError: it is not.
    """
    value = data.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise InputError(f"{where}: {key!r} is {shown(value)}; give a finite number that is not negative.")
    return float(value)


def refuse_unknown(data: Table, allowed: set[str], where: str) -> None:
    """Names the first key that is not allowed.

    Raises:
        InputError: there is one.
    """
    unknown = sorted(set(data) - allowed)
    if unknown:
        raise InputError(f"{where}: the key {unknown[0]!r} is unknown; use {', '.join(sorted(allowed))}.")
