"""Writes a difference into a folder: diff.html, and the same numbers as diff.json and diff.csv; a history as CSV."""

from __future__ import annotations

import json
from pathlib import Path

from snnhw.analysis.difference import table
from snnhw.analysis.difference.difference import Difference
from snnhw.analysis.difference.frame import difference_frame
from snnhw.analysis.difference.history import History
from snnhw.analysis.report.page import render_tables
from snnhw.analysis.report.place import DIFFERENCE, check_place, check_replaceable
from snnhw.analysis.report.undrawn import no_page
from snnhw.analysis.report.writing import csv_text, plain
from snnhw.errors import InputError
from snnhw.files import write_text

HISTORY_SIGN = "date,folder,model,"  # how the file begins


def write_difference(found: Difference, out: str | Path, *, force: bool = False) -> Path:
    """Write diff.json, diff.csv and, last, diff.html into the folder `out`; gives the page's path.

    Raises:
        InputError: the folder cannot be written, holds a file of such a name that is of no report and `force` is not
            given, or jinja2 is not installed; all but the page is written then.
    """
    out = Path(out)
    check_place(out, DIFFERENCE, force=force)
    missing = no_page()
    page = "" if missing else render_tables("diff.html.j2", found=found, table=table)
    write_text(out / "diff.json", json.dumps(plain(found.to_dict()), indent=1, allow_nan=False) + "\n")
    write_text(out / "diff.csv", csv_text(difference_frame(found)))
    if missing:
        raise InputError(f"diff.json and the table are in {out}. {missing}")
    return write_text(out / "diff.html", page)


def write_history(found: History, path: Path, *, force: bool = False) -> Path:
    """Write all runs and profiles as CSV; gives the path.

    Raises:
        InputError: it cannot be written, or is something else and `force` is not given.
    """
    check_replaceable(path, HISTORY_SIGN, "history of this program", force=force)
    return write_text(path, csv_text(found.frame))
