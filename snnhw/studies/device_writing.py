"""Writes what a study of devices found into a folder: devices.html, and the same numbers as JSON and CSV."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from snnhw.analysis.report.accuracy_curve import Marked, accuracy_curves
from snnhw.analysis.report.page import render_tables
from snnhw.analysis.report.place import DEVICES
from snnhw.analysis.report.writing import write_tables
from snnhw.studies.device_plan import AXES
from snnhw.studies.device_result import DeviceCurves, Point, curves_frame


def write_curves(found: DeviceCurves, out: Path, *, force: bool = False) -> Path:
    """Write devices.json, devices.csv and, last, devices.html into the folder `out`; gives the page's path.

    Raises:
        InputError: the folder cannot be written, holds a file of such a name that is of no study and `force` is not
            given, or jinja2 is not installed; all but the page is written then.
    """
    return write_tables(DEVICES, out, found.to_dict(), curves_frame(found), partial(page_of, found), force=force)


def page_of(found: DeviceCurves) -> str:
    """The page as HTML."""
    labels = {axis: found.plan.label(axis) for axis in AXES}
    constants = found.plan.described.constants
    return render_tables("devices.html.j2", _charts(found), found=found, axes=labels, constants=constants)


def _charts(found: DeviceCurves) -> Iterator[tuple[str, str]]:
    for axis, points in found.axes.items():
        yield from accuracy_curves(axis, [_marked(point) for point in points], found.plan.label(axis))


def _marked(point: Point) -> Marked:
    mean = point.accuracy
    return Marked(f"{point.value:g}", mean.mean, mean.low, mean.high, point.accuracies, point.ideal_accuracy)
