"""Frozen dataclasses as plain values for JSON, and back, each value held against the type of its field.

What comes back from a file of a stranger has whole numbers from 0 to 2^63 - 1, finite floats, texts, and no field too
few or too many, or is refused with the name of the field.
"""

from __future__ import annotations

import dataclasses
import math
import types
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
LARGEST = 2**63 - 1


def to_plain(value: object) -> Any:
    """A dataclass with all that is in it as dicts, lists, numbers and texts."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    return value


def from_plain(kind: type[T], value: object, where: str) -> T:
    """The dataclass `kind` of what `to_plain` gave.

    Raises:
        ValueError: a field is missing, unknown, or of another type; the message names it.
    """
    made: T = _made(kind, value, where)
    return made


def _made(kind: Any, value: Any, where: str) -> Any:
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind, value, where)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        inner = [one for one in arguments if one is not type(None)]
        if value is None and len(inner) < len(arguments):
            return None
        return _made(inner[0], value, where)
    if origin is Literal:
        return _fitting(value, value in arguments if isinstance(value, str) else False, where)
    if origin is tuple:
        _fitting(value, isinstance(value, list), where)
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(_made(arguments[0], item, where) for item in value)
        _fitting(value, len(value) == len(arguments), where)
        return tuple(_made(one, item, where) for one, item in zip(arguments, value, strict=True))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        _fitting(value, isinstance(value, dict), where)
        return {key: _made(arguments[1], item, f"{where}.{key}") for key, item in value.items()}
    return _scalar(kind, value, where)


def _scalar(kind: Any, value: Any, where: str) -> Any:
    if kind is float:
        known = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        return float(_fitting(value, known, where))
    if kind is int:
        return _fitting(value, type(value) is int and 0 <= value <= LARGEST, where)
    return _fitting(value, type(value) is kind, where)


def _dataclass(kind: Any, value: Any, where: str) -> Any:
    _fitting(value, isinstance(value, dict), where)
    hints, names = _hints(kind), [field.name for field in dataclasses.fields(kind)]
    for name in (*names, *value):
        if name not in value or name not in names:
            raise ValueError(f"{where} has {'no' if name not in value else 'an unknown'} field {str(name)[:40]!r}")
    return kind(**{name: _made(hints[name], value[name], f"{where}.{name}") for name in names})


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _fitting(value: Any, fits: bool, where: str) -> Any:
    if not fits:
        raise ValueError(f"{where} is {_shown(value)}")
    return value


def _shown(value: object) -> str:
    text = repr(value) if isinstance(value, int | float | str | None) else f"a {type(value).__name__}"
    return text if len(text) <= 40 else f"{text[:39]}…"
