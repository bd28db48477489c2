"""Tables of the measured bench: predictions beside measurements, then what cannot be predicted and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table

from snnhw.analysis.digits import range_text
from snnhw.analysis.measured.bench import WIDEST, goal, misses, reasons, scores
from snnhw.analysis.ranges import Range
from snnhw.verbs.terminal import table

if TYPE_CHECKING:
    from snnhw.analysis.measured.bench import Held

COLUMNS = ("measurement", "grade", "profile", ">measured", ">predicted", ">ratio", ">width", "answer")


def measured_tables(rows: Sequence[Held]) -> tuple[Table | str, ...]:
    """Points with a prediction, points without, and the two scores."""
    held = [_cells(row) for row in rows if row.predicted is not None]
    left = [(len(points), ", ".join(point.id for point in points), text) for text, points in reasons(rows).items()]
    found = scores(rows)
    shown: list[Table | str] = [table("Measured chips against the profiles", COLUMNS, held)]
    if left:
        shown.append(table("Not predictable", (">points", "which", "because"), left))
    shown.append(f"A range wider than {WIDEST:g}x counts as a miss. Within spread: as near as the measurement repeats.")
    shown.append("'own' marks points that a constant of the profile was read off: that it holds them proves nothing.")
    shown += [f"Missed: {sentence}." for sentence in misses(rows)]
    shown.append(goal(rows))
    shown.append(f"Points that the profile owes nothing to: {found['independent'].sentence}")
    shown.append(f"All: {found['all'].sentence}")
    return tuple(shown)


def _cells(row: Held) -> tuple[str, ...]:
    point, predicted = row.point, row.predicted or Range.exact(0.0)
    return (
        point.id,
        point.grade,
        row.profile,
        f"{point.printed:.3g} {_printed(point.unit)}",
        range_text(predicted, point.dimension),
        f"{row.ratio:.2f}" if row.ratio is not None else "",
        f"{row.width:.1f}x" if row.width is not None else "",
        row.answer + ("" if row.independent else " (own)"),
    )


def _printed(unit: str) -> str:
    """The unit with the sign for micro that predictions have."""
    return f"µ{unit[1:]}" if unit.startswith("u") else unit
