"""Tables of TOML that come with the package, by name, and a user's own of the same kind, by path."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from snnhw.errors import unknown
from snnhw.files import toml_file
from snnhw.gates.plain_text import read_toml


def names_in(folder: Path) -> tuple[str, ...]:
    """Names of the tables in a folder of the package, sorted."""
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


def read_shipped(kind: str, name: str | Path, folder: Path) -> tuple[dict[str, Any], str]:
    """The table called `name` in `folder`, or the one in the TOML file at that path, and the name of its file.

    Args:
        kind: what it describes, as errors call it: profile, chip.
        name: of the table, or a path that ends in .toml.
        folder: of the package, with the tables of this kind.

    Raises:
        InputError: there is no such table, or the file is no TOML.
    """
    path = toml_file(name, folder)
    if not os.path.exists(path):
        raise unknown(kind, name, names_in(folder), "a .toml file")
    return read_toml(path, kind, "give the path of a .toml file"), path.name
