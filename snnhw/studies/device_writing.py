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
    described = found.plan.described
    device = described.to_dict()
    given = {key: f"{device[key]:g}" for key in device if isinstance(device[key], float)}
    origins = {key: origin.text for key, origin in (described.origins or {}).items()}
    named = {f"{key} = {given[key]}" if key in given else key: text for key, text in origins.items()}
    return render_tables("devices.html.j2", _charts(found), found=found, axes=AXES, origins=named)


def _charts(found: DeviceCurves) -> Iterator[tuple[str, str]]:
    for axis, points in found.axes.items():
        yield from accuracy_curves(axis, [_marked(point) for point in points], AXES[axis])


def _marked(point: Point) -> Marked:
    mean = point.accuracy
    return Marked(f"{point.value:g}", mean.mean, mean.low, mean.high, point.accuracies, point.ideal_accuracy)
