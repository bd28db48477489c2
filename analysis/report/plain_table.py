"""Tables and paragraphs as plain text of a fixed width, for pipes, logs and `repr`."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

WIDTH = 80  # columns of a terminal that nobody widened
GAP = "  "
JOINTS = "_-. "  # of names of layers and profiles
LEAST = 8  # characters that are left to a column that folds


@dataclass(frozen=True)
class Column:
    """A heading, and how the cells below it stand."""

    name: str
    right: bool = True  # numbers
    folds: bool = False  # a cell that is too long goes on in the next line; without it, all of it stays in one


def lines_of(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], last: Sequence[str] = (), width: int = WIDTH
) -> list[str]:
    """The table as lines: headings, a rule, the rows, and where there is a last row, a rule and that row.

    Columns that fold share what the others leave of `width`; lines are longer only if even `LEAST` is not left.
    """
    headings = [column.name for column in columns]
    everything = [headings, *rows, *([last] if last else [])]
    widths = [max(len(row[i]) for row in everything) for i in range(len(columns))]
    folding = [i for i, column in enumerate(columns) if column.folds]
    fixed = sum(size for i, size in enumerate(widths) if i not in folding) + len(GAP) * (len(columns) - 1)
    free = width - fixed
    for place, i in enumerate(sorted(folding, key=lambda i: widths[i])):  # what a short one leaves, the others share
        widths[i] = min(widths[i], max(LEAST, free // (len(folding) - place)))
        free -= widths[i]
    rule = "-" * (sum(widths) + len(GAP) * (len(columns) - 1))
    shown = [*_lines(columns, widths, headings), rule]
    for row in rows:
        shown += _lines(columns, widths, row)
    return [*shown, *([rule, *_lines(columns, widths, last)] if last else [])]


def _lines(columns: Sequence[Column], widths: Sequence[int], row: Sequence[str]) -> list[str]:
    """A row, in as many lines as its longest cell takes."""
    cells = [parts_of(cell, size) for cell, size in zip(row, widths, strict=True)]
    found = []
    for line in zip_longest(*cells, fillvalue=""):
        shown = (
            part.rjust(size) if column.right else part.ljust(size)
            for part, size, column in zip(line, widths, columns, strict=True)
        )
        found.append(GAP.join(shown).rstrip())
    return found


def parts_of(cell: str, size: int) -> list[str]:
    """The cell in parts of at most `size` characters, cut behind a joint of its name where there is one."""
    parts = []
    while len(cell) > size:
        cut = max((cell.rfind(joint, 0, size) + 1 for joint in JOINTS), default=0) or size
        parts.append(cell[:cut])
        cell = cell[cut:]
    return [*parts, cell]


def wrapped(paragraph: str, width: int = WIDTH) -> list[str]:
    """The paragraph in lines of at most `width`; those after the first are indented."""
    return textwrap.wrap(paragraph, width, subsequent_indent="  ", break_on_hyphens=False) or [""]
