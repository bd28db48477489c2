"""Names for nodes that nobody has named: what passes, readers and writers add to a graph."""

from __future__ import annotations

from collections.abc import Container


def free_name(name: str, *taken: Container[str]) -> str:
    """`name`, with as many `_` behind it as make it free in all of `taken`."""
    while any(name in names for names in taken):
        name += "_"
    return name
