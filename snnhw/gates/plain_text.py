"""The gate for TOML and JSON: bounded in length, nesting and size of numbers, and nothing but Unicode in its texts.

What comes through holds tables, lists, texts, numbers that a float can say, true, false and null, and may be walked
through by recursion.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from snnhw.errors import InputError
from snnhw.gates.memory import in_words
from snnhw.gates.regular import read_bytes

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MAX_BYTES = 4 * 2**20  # of a file; the largest that comes with the package has 9 KiB
MAX_DEPTH = 32  # of tables and lists in each other
LARGEST_INTEGER = 2**63 - 1  # as the description of TOML has it


def read_toml(path: Path | str, kind: str, remedy: str) -> dict[str, Any]:
    """Content of a TOML file.

    Args:
        path: where it is.
        kind: what it is, such as "profile".
        remedy: what to do where there is no such file.

    Raises:
        InputError: there is no such file, or it is no TOML within the bounds above.
    """
    text = _text(path, kind, remedy)
    try:
        return parse_toml(text)
    except ValueError as error:
        raise InputError(f"Cannot read the {kind} {path}: {error}; mend the file.") from error


def parse_toml(text: str) -> dict[str, Any]:
    """Content of a TOML text.

    Raises:
        ValueError: it is no TOML within the bounds above.
    """
    try:
        values: dict[str, Any] = tomllib.loads(text)
    except RecursionError as error:
        raise ValueError(f"tables are nested more than {MAX_DEPTH} deep") from error
    check_plain(values)
    return values


def read_json(path: Path | str, kind: str, remedy: str, most: int = MAX_BYTES) -> Any:
    """Content of a JSON file of up to `most` bytes; the other arguments and the errors are as for `read_toml`."""
    text = _text(path, kind, remedy, most)
    try:
        values = json.loads(text)
        check_plain(values)
    except RecursionError as error:
        raise InputError(
            f"Cannot read the {kind} {path}: lists are nested more than {MAX_DEPTH} deep; mend the file."
        ) from error
    except ValueError as error:
        raise InputError(f"Cannot read the {kind} {path}: {error}; mend the file.") from error
    return values


def check_plain(values: object) -> None:
    """Nothing, where `values` keep the bounds above.

    Raises:
        ValueError: they do not; the message says what.
    """
    left: list[tuple[object, int]] = [(values, 1)]
    while left:
        value, depth = left.pop()
        if depth > MAX_DEPTH:
            raise ValueError(f"tables or lists are nested more than {MAX_DEPTH} deep")
        if isinstance(value, Mapping):
            left += [(item, depth + 1) for pair in value.items() for item in pair]
        elif isinstance(value, list | tuple):
            left += [(item, depth + 1) for item in value]
        elif isinstance(value, int) and abs(value) > LARGEST_INTEGER:
            raise ValueError("a whole number takes more than 64 bits")
        elif isinstance(value, str) and not _is_unicode(value):
            raise ValueError("a text holds half of a character")


def shown(value: object, longest: int = 80) -> str:
    """A value as a message shows it, however large it is."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of more digits than Python writes, or lists deep in each other
        text = f"a {type(value).__name__}"
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _text(path: Path | str, kind: str, remedy: str, most: int = MAX_BYTES) -> str:
    content = read_bytes(path, kind, remedy)
    if len(content) > most:
        raise InputError(f"The {kind} {path} has more than {in_words(most)}; shorten it.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            f"Cannot read the {kind} {path}: it is no text in UTF-8 ({error.reason}); mend the file."
        ) from error


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
