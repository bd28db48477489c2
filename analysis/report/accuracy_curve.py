"""Accuracy against one property of chips: a mark with its interval for each value, every chip as a faint stroke.

Takes plain numbers; gives SVG in both widths. The values stand in their order and evenly, so that 0 has a place beside
shares of a thousandth.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from snnhw.analysis.digits import percent
from snnhw.analysis.report.hover import say
from snnhw.analysis.report.plots import ANN, INK, MUTED, NARROW, RULE, SNN, WIDE, Figure, canvas
from snnhw.analysis.report.svg import to_svg
from snnhw.analysis.report.ticks import share_ticks
from snnhw.analysis.report.undrawn import NO_CHART, draws

HEIGHT = 300  # CSS pixels
STROKE = 16  # points: strokes of chips stand out on both sides of the interval, at the value itself


@dataclass(frozen=True)
class Marked:
    """One value of the axis; shares from 0 to 1."""

    name: str
    mean: float
    low: float
    high: float
    chips: tuple[float, ...]
    ideal: float  # of the ideal chip on the same samples


def accuracy_curve(marks: Sequence[Marked], label: str, width: int = WIDE) -> Figure:
    """Mean accuracy and interval over chips in per cent, the ideal chip as a dashed line; `label` names the axis."""
    figure, axes = canvas(width, HEIGHT)
    places = range(len(marks))
    axes.plot(places, [100 * one.ideal for one in marks], "--", color=ANN, linewidth=1.5, label="ideal devices")
    axes.plot(places, [100 * one.mean for one in marks], "-", color=SNN, linewidth=1.2)
    for place, one in zip(places, marks, strict=True):
        chips = [100 * accuracy for accuracy in one.chips]
        axes.plot([place] * len(chips), chips, "_", color=SNN, alpha=0.45, markersize=STROKE)
        axes.plot([place, place], [100 * max(one.low, 0.0), 100 * min(one.high, 1.0)], "-", color=SNN, linewidth=2)
        (mark,) = axes.plot([place], [100 * one.mean], "o", color=SNN, markersize=7)
        say(mark, f"{one.name}: {percent(one.mean)}, {percent(max(one.low, 0.0))} to {percent(min(one.high, 1.0))}")
    lowest = min(min((one.low, one.ideal, *one.chips)) for one in marks)
    low, high = max(100 * lowest - 3, 0.0), 101.0
    axes.set_ylim(low, high)
    ticks = share_ticks(low, 100.0, 6)
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_xticks(list(places), [one.name for one in marks])
    axes.set_xlim(-0.4, len(marks) - 0.6)
    axes.set_xlabel(label if width != NARROW else label.replace(", ", ",\n"))
    axes.set_ylabel("accuracy, %", color=MUTED, fontsize=12)
    axes.legend(frameon=False, fontsize=12, labelcolor=INK, loc="lower left" if _falls(marks) else "lower right")
    axes.grid(axis="y", color=RULE, linewidth=0.8)
    return figure


def accuracy_curves(name: str, marks: Sequence[Marked], label: str) -> Iterator[tuple[str, str]]:
    """`accuracy_curve` as SVG in both widths, by name; a sentence without matplotlib."""
    for size, width in (("wide", WIDE), ("narrow", NARROW)):
        drawn = f"{name}_{size}"
        yield drawn, to_svg(accuracy_curve(marks, label, width), drawn) if draws() else NO_CHART


def _falls(marks: Sequence[Marked]) -> bool:
    return marks[-1].mean < marks[0].mean
