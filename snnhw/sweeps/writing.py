"""Writes what a sweep found into a folder: sweep.html, and the same numbers as sweep.json and sweep.csv."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from snnhw.analysis.ranges import Range
from snnhw.analysis.report.comparison_chart import pareto_charts
from snnhw.analysis.report.page import render_tables
from snnhw.analysis.report.place import SWEEP
from snnhw.analysis.report.writing import write_tables
from snnhw.sweeps.result import SweepResult, sweep_frame

DRAWN = 60  # points of the chart at most: the front, and the first of the others


def write_sweep(result: SweepResult, out: Path, *, force: bool = False) -> Path:
    """Write sweep.json, sweep.csv and, last, sweep.html into the folder `out`; gives the page's path.

    Raises:
        InputError: the folder cannot be written, holds a file of such a name that is of no sweep and `force` is not
            given, or jinja2 is not installed; all but the page is written then.
    """
    return write_tables(SWEEP, out, result.to_dict(), sweep_frame(result), partial(page_of, result), force=force)


def page_of(result: SweepResult) -> str:
    """The page as HTML."""
    on = [f"{one.root:04d}" for one in result.front]
    points = drawn(result)
    charts = pareto_charts("points", points, on)
    return render_tables("sweep.html.j2", charts, result=result, on=set(on), drawn=len(points))


def drawn(result: SweepResult) -> dict[str, tuple[float, Range]]:
    """Accuracy and energy of the points of the chart."""
    first = [*result.front, *(one for one in result.tried if one.fits and one not in result.front)]
    return {f"{one.root:04d}": (one.outcome.accuracy, one.outcome.energy) for one in first[:DRAWN] if one.outcome}
