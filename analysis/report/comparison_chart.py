"""Networks side by side as points of accuracy against energy, with a label for each that touches no other.

Labels stand in a column right of the chart, in the order of the accuracies, each tied to its network by a thin line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from snnhw.analysis.digits import percent
from snnhw.analysis.ranges import Range
from snnhw.analysis.report.plots import (
    INK,
    MUTED,
    NARROW,
    RULE,
    SNN,
    WIDE,
    Figure,
    canvas,
    joule_ticks,
    short_name,
    span,
)
from snnhw.analysis.report.svg import to_svg
from snnhw.analysis.report.ticks import share_ticks
from snnhw.analysis.report.undrawn import NO_CHART, draws

LINE = 17  # CSS pixels of one label
AXES = 80  # CSS pixels of a chart above and below its axes
MARGIN = 0.12  # of the range of accuracies, above and below
LEAST = 0.4  # per cent, of a chart whose networks are equally accurate


def pareto_chart(points: Mapping[str, tuple[float, Range]], front: Sequence[str], width: int = WIDE) -> Figure:
    """Accuracy against J per inference, one label per point; those on the front are filled.

    Args:
        points: label -> accuracy from 0 to 1, energy; one whose energy is zero has no place on a logarithmic axis.
        front: labels of the networks that none beats.
        width: CSS pixels.
    """
    shown = {label: (100 * share, energy) for label, (share, energy) in points.items() if energy.low > 0}
    height = max(300 if width == NARROW else 380, len(shown) * LINE + AXES)
    figure, axes = canvas(width, height)
    low, high = _ends([accuracy for accuracy, _ in shown.values()])
    places = spread({label: accuracy for label, (accuracy, _) in shown.items()}, low, high, (height - AXES) // LINE)
    for label, (accuracy, energy) in shown.items():
        span(axes, energy, accuracy, SNN, f"{label}, {percent(accuracy / 100)}")
        bar, mark = axes.lines[-2:]
        bar.set(clip_on=False)
        mark.set(markerfacecolor=SNN if label in front else "none", markersize=8, clip_on=False)
        axes.annotate(
            short_name(label, width), (energy.high, accuracy), (1.03, places[label]), xycoords="data",
            textcoords=("axes fraction", "data"), va="center", fontsize=12, color=INK, annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": MUTED, "linewidth": 0.6, "shrinkA": 2, "shrinkB": 4},
        )  # fmt: skip
    axes.set_ylim(low, high)
    ticks = share_ticks(low, high, 6)
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    energies = [end for _, energy in shown.values() for end in (energy.low, energy.high)]
    lowest, highest = (min(energies), max(energies)) if energies else (1e-9, 1e-6)
    margin = max((highest / lowest) ** 0.06, 1.05)
    joule_ticks(axes, lowest / margin, highest * margin, width)
    axes.set_xlabel("energy per inference, logarithmic")
    axes.set_ylabel("accuracy, %", color=MUTED, fontsize=12)
    axes.grid(color=RULE, linewidth=0.8)
    return figure


def pareto_charts(
    name: str, points: Mapping[str, tuple[float, Range]], front: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """`pareto_chart` as SVG in both widths, by name; none without points, a sentence without matplotlib."""
    for size, width in (("wide", WIDE), ("narrow", NARROW)) if points else ():
        drawn = f"{name}_{size}"
        yield drawn, to_svg(pareto_chart(points, front, width), drawn) if draws() else NO_CHART


def _ends(accuracies: Sequence[float]) -> tuple[float, float]:
    """Ends of the axis, per cent: around all points, and never outside 0 to 100."""
    low, high = (min(accuracies), max(accuracies)) if accuracies else (0.0, 100.0)
    margin = max(MARGIN * (high - low), LEAST)
    return max(low - margin, 0.0), min(high + margin, 100.0)


def spread(heights: Mapping[str, float], low: float, high: float, lines: int) -> dict[str, float]:
    """Heights of labels between `low` and `high`, as near to those wanted as `lines` lines allow, in their order."""
    gap = (high - low) / max(lines, len(heights), 1)
    order = sorted(heights, key=lambda label: heights[label])
    placed: dict[str, float] = {}
    floor = low + gap / 2
    for label in order:
        placed[label] = floor = max(heights[label], floor)
        floor += gap
    ceiling = high - gap / 2
    for label in reversed(order):
        placed[label] = ceiling = min(placed[label], ceiling)
        ceiling -= gap
    return placed
