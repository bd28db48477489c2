"""The picture of the bench: every predicted range, divided by what was measured, on one logarithmic axis.

Takes the rows of `hold`; gives a figure in which a range that crosses the line at 1 holds its measurement.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from snnhw.analysis.measured.bench import COVERED, Held
from snnhw.analysis.report.place import CREATOR, FIGURE_SIGNS, check_replaceable
from snnhw.analysis.report.plots import ANN, INK, ROW, RULE, SNN, WIDE, Figure, canvas
from snnhw.errors import InputError
from snnhw.files import write_atomically

FORMATS = ("svg", "png", "pdf")


def measured_chart(rows: Sequence[Held], width: int = WIDE) -> Figure:
    """A bar for every predicted point, a mark at typical; hollow where a constant was read off the point.

    Raises:
        InputError: no row has a prediction, or matplotlib is missing.
    """
    drawn = [row for row in rows if row.predicted is not None and row.predicted.low > 0 and row.point.value > 0]
    if not drawn:
        raise InputError("No measurement can be predicted, so there is nothing to draw; leave --plot out.")
    figure, axes = canvas(width, len(drawn) * ROW + 70)
    for y, row in enumerate(drawn):
        ends = [end / row.point.value for end in row.predicted.ends] if row.predicted else []
        colour = SNN if row.answer == COVERED else ANN
        axes.plot([ends[0], ends[2]], [y, y], color=colour, linewidth=9, solid_capstyle="butt", alpha=0.55)
        fill = colour if row.independent else "white"
        axes.plot([ends[1]], [y], marker="D", markersize=7, color=colour, markerfacecolor=fill, linestyle="none")
    axes.axvline(1, color=INK, linewidth=1.2)
    axes.set_xscale("log")
    axes.set_ylim(len(drawn) - 0.4, -0.6)
    axes.set_yticks(range(len(drawn)), [f"{row.point.id}: {row.profile}" for row in drawn])
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xlabel("predicted over measured; a hollow mark: a constant of the profile was read off this point")
    axes.grid(axis="x", color=RULE, linewidth=0.8)
    return figure


def check_chart(path: Path, *, force: bool = False) -> None:
    """Nothing, where a chart may be written to `path`, over an earlier one too.

    Raises:
        InputError: the format is not known, or there is another file and `force` is not given.
    """
    kind = path.suffix.lstrip(".").lower()
    if kind not in FORMATS:
        raise InputError(f"--plot {path}: the format {kind!r} is unknown; name a file that ends in .svg, .png or .pdf.")
    check_replaceable(path, FIGURE_SIGNS[f".{kind}"], "chart of this program", force=force)


def save_chart(figure: Figure, path: Path, *, force: bool = False) -> Path:
    """Write the figure in the format that the name of the file says.

    Raises:
        InputError: as `check_chart`, or the file cannot be written.
    """
    from matplotlib import rc_context

    check_chart(path, force=force)
    kind = path.suffix.lstrip(".").lower()
    dates: dict[str, dict[str, str | None]] = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}
    metadata = {"Creator": CREATOR, **dates.get(kind, {})}
    with rc_context({"svg.hashsalt": CREATOR}):  # the same chart gives the same bytes
        return write_atomically(path, lambda file: figure.savefig(file, format=kind, dpi=144, metadata=metadata))
