"""Tables of a study of devices: one row for each value of each axis, and what is taken for granted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from snnhw.studies.device_plan import AXES
from snnhw.verbs.tables.findings import finding_lines
from snnhw.verbs.terminal import table

if TYPE_CHECKING:
    from snnhw.studies.device_result import DeviceCurves
    from snnhw.studies.interval import Interval


def curves_tables(found: DeviceCurves) -> tuple[Table | str, ...]:
    """The points, the sentence over them, and the assumptions."""
    rows = [
        (
            AXES[point.axis],
            f"{point.value:g} {found.plan.unit(point.axis)}",
            f"{point.accuracy.mean:.2%}",
            _between(point.accuracy),
            f"{point.ideal_accuracy:.2%}",
            f"{100 * point.lost.mean:.2f}",
            _between(point.lost),
        )
        for point in found.points
    ]
    columns = ("varied", ">value", ">accuracy", ">95 % interval, %", ">ideal", ">points lost", ">95 % interval, points")
    plan = found.plan
    title = f"{found.model} on {plan.crossbar.title}, {plan.device.title}: {plan.seeds} chips for each value"
    return (
        table(title, columns, rows),
        found.headline,
        *(f"device: {number}, {origin}" for number, origin in plan.described.constants),
        *(f"assumes: {sentence}" for sentence in found.assumes),
        *finding_lines(found.findings),
    )


def _between(found: Interval) -> str:
    return f"{100 * found.low:.1f} to {100 * found.high:.1f}"
