"""Writes a report or a comparison into a folder: the page, and the same numbers as JSON and CSV."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pandas as pd

from snnhw.analysis.counting.counts import BY_STEP
from snnhw.analysis.report.comparison import Comparison, comparison_frame
from snnhw.analysis.report.frames import energy_frame, layers_frame, steps_frame
from snnhw.analysis.report.page import render, render_comparison
from snnhw.analysis.report.place import COMPARISON, REPORT, check_place
from snnhw.analysis.report.report import Report
from snnhw.analysis.report.undrawn import no_page
from snnhw.errors import InputError
from snnhw.files import write_text
from snnhw.gates.text import csv_cell

LONGEST_HEADER = 10_000  # characters


def write_report(report: Report, out: str | Path, *, force: bool = False) -> Path:
    """Write report.json, layers.csv, energy.csv and, last, report.html into the folder `out`; gives the page's path.

    With counts by time step there is a steps.csv, too; without, that of the report which is replaced goes with it.

    Raises:
        InputError: the folder cannot be written, holds a file of such a name that is of no report and `force` is not
            given, or jinja2 is not installed; all but the page is written then.
    """
    out = Path(out)
    check_place(out, (*REPORT, "steps.csv") if report.steps else REPORT, force=force)
    missing = no_page()
    page = "" if missing else render(report)
    write_text(out / "report.json", json.dumps(plain(report.to_dict()), indent=1, allow_nan=False) + "\n")
    frames: Mapping[str, Callable[[], pd.DataFrame]] = {
        "layers.csv": lambda: layers_frame(report.counts),
        "energy.csv": lambda: energy_frame(report.energy),
    }
    if report.steps:
        frames = {**frames, "steps.csv": lambda: steps_frame(report.steps)}
    for name, frame in frames.items():
        write_text(out / name, csv_text(frame()))
    if not report.steps and _is_ours(out / "steps.csv"):
        (out / "steps.csv").unlink()
    if missing:
        raise InputError(f"report.json and the tables are in {out}. {missing}")
    return write_text(out / "report.html", page)


def _is_ours(steps: Path) -> bool:
    """Whether a steps.csv is one that this module has written, by the names of its columns."""
    try:
        with steps.open(encoding="utf-8") as file:
            columns = file.readline(LONGEST_HEADER).rstrip("\n").split(",")
    except (OSError, UnicodeDecodeError):
        return False
    return columns[:2] == ["step", "name"] and tuple(columns[-len(BY_STEP) :]) == tuple(BY_STEP)


def write_comparison(comparison: Comparison, out: str | Path, *, force: bool = False) -> Path:
    """Write compare.json, compare.csv and, last, compare.html into the folder `out`; gives the page's path.

    Raises:
        InputError: as `write_report`.
    """
    frame, page = comparison_frame(comparison), partial(render_comparison, comparison)
    return write_tables(COMPARISON, Path(out), comparison.to_dict(), frame, page, force=force)


def write_tables(
    names: tuple[str, str, str],
    out: Path,
    content: object,
    frame: pd.DataFrame,
    page_of: Callable[[], str],
    *,
    force: bool = False,
) -> Path:
    """Write a result as JSON, as CSV and, last, as a page into the folder `out`; gives the page's path.

    Args:
        names: of the three files, in this order.
        out: the folder, made where it is missing.
        content: plain values.
        frame: the same numbers as a table.
        page_of: gives the page as HTML.
        force: replace files of these names that are of no report.

    Raises:
        InputError: the folder cannot be written, holds a file of such a name that is of no report and `force` is not
            given, or jinja2 is not installed; all but the page is written then.
    """
    check_place(out, names, force=force)
    missing = no_page()
    page = "" if missing else page_of()
    write_text(out / names[0], json.dumps(plain(content), indent=1, allow_nan=False) + "\n")
    write_text(out / names[1], csv_text(frame))
    if missing:
        raise InputError(f"{names[0]} and the table are in {out}. {missing}")
    return write_text(out / names[2], page)


def csv_text(frame: pd.DataFrame) -> str:
    """The frame as CSV, with an apostrophe before texts that a spreadsheet would calculate."""
    safe = frame.copy()
    for column in frame.select_dtypes(exclude=["number", "bool"]):
        safe[column] = [csv_cell(value) if isinstance(value, str) else value for value in frame[column]]
    text: str = safe.to_csv(index=False, lineterminator="\n")
    return text


def plain(value: object) -> object:
    """`value` for JSON, which has no NaN and no infinity: they become null."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
