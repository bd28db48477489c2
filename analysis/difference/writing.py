"""Writes a difference into a folder: diff.html, and the same numbers as diff.json and diff.csv; a history as CSV."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from snnhw.analysis.difference import table
from snnhw.analysis.difference.difference import Difference
from snnhw.analysis.difference.frame import difference_frame
from snnhw.analysis.difference.history import History
from snnhw.analysis.report.page import render_tables
from snnhw.analysis.report.place import DIFFERENCE, check_replaceable
from snnhw.analysis.report.writing import csv_text, write_tables
from snnhw.files import write_text

HISTORY_SIGN = "date,folder,model,"  # how the file begins


def write_difference(found: Difference, out: str | Path, *, force: bool = False) -> Path:
    """Write diff.json, diff.csv and, last, diff.html into the folder `out`; gives the page's path.

    Raises:
        InputError: as `write_tables`.
    """
    render = partial(render_tables, "diff.html.j2", found=found, table=table)
    return write_tables(DIFFERENCE, Path(out), found.to_dict(), difference_frame(found), render, force=force)


def write_history(found: History, path: Path, *, force: bool = False) -> Path:
    """Write all runs and profiles as CSV; gives the path.

    Raises:
        InputError: it cannot be written, or is something else and `force` is not given.
    """
    check_replaceable(path, HISTORY_SIGN, "history of this program", force=force)
    return write_text(path, csv_text(found.frame))
