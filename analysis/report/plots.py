"""Charts of a report as matplotlib figures, which `svg.py` writes with the colours and fonts of the page around them.

Takes counts and estimates; gives figures whose size is in CSS pixels (one point of text is one pixel). The colours are
those of Okabe and Ito (2008), told apart by all common kinds of colour blindness; labels say again what colour says.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import numpy as np

from snnhw.analysis.counting.counts import NetworkCounts
from snnhw.analysis.digits import count_text, range_text, significant, tick_text, typical_text
from snnhw.analysis.energy.breakeven import BreakEven
from snnhw.analysis.energy.estimate import EnergyEstimate
from snnhw.analysis.energy.sensitivity import Swing
from snnhw.analysis.energy.twin_estimate import AnnEstimate
from snnhw.analysis.ranges import Range
from snnhw.analysis.report.hover import say
from snnhw.analysis.report.ticks import log_ticks, step_ticks
from snnhw.analysis.report.verdict import precision_name, rate_text
from snnhw.errors import InputError

WIDE, NARROW = 1056, 340  # CSS pixels: desk and telephone
ROW, GAP = 26, 40
PLOTTED = 0.6  # share of the width that is left for an axis beside its labels
LABEL = 14  # characters beside a narrow chart
DRIVERS = 6  # constants shown for each profile
CELL = {WIDE: 12, NARROW: 24}  # of rates over time: CSS pixels of the chart for one
CELLS, FEWEST_CELLS = {WIDE: 800, NARROW: 400}, {WIDE: 12, NARROW: 8}  # in a chart at most, in a row at least
INK, MUTED, RULE = "#1b1e23", "#5c636b", "#d8dbde"
SNN, ANN = "#0072b2", "#b35900"
LEVELS = ("#08519c", "#3182bd", "#6baed6", "#9ecae1", "#c6dbef")  # level 1 .. 5 and more

Figure = Any  # matplotlib.figure.Figure; matplotlib is imported where it is used
Axes = Any


def energy_chart(
    energy: Mapping[str, EnergyEstimate], ann: Mapping[str, Mapping[str, AnnEstimate]], width: int = WIDE
) -> Figure:
    """J per inference on a logarithmic axis: a bar from low to high, a mark at typical, one group per profile.

    A logarithmic axis has no zero, so bars do not start there: their ends are the ends of the range.
    """
    groups = [
        (found.profile.title, [("SNN", found.per_inference, SNN), *_twins(ann.get(name, {}))])
        for name, found in energy.items()
    ]
    rows = sum(len(bars) for _, bars in groups)
    figure, axes = canvas(width, rows * ROW + len(groups) * GAP + 50)
    ends = [end for _, bars in groups for _, found, _ in bars for end in (found.low, found.high) if end > 0]
    lowest, highest = (min(ends), max(ends)) if ends else (1e-9, 1e-6)
    margin = (highest / lowest) ** 0.04 * 1.15
    left, right = lowest / margin, highest * margin ** (1 if width == NARROW else 3)
    y, ticks, names = 0.0, [], []
    for title, bars in groups:
        lines = textwrap.wrap(title, width // 8)
        y += 0.6 * (len(lines) - 1)
        at = ("figure fraction" if width == NARROW else "axes fraction", "data")
        label = axes.annotate("\n".join(lines), (0, y), xycoords=at, va="center", fontsize=13, color=INK)
        label.set(fontweight="bold", in_layout=False)
        y += 1 + 0.2 * (len(lines) - 1)
        for name, found, colour in bars:
            span(axes, found, y, colour, f"{name}, {title}")
            if width != NARROW:
                beside = {"textcoords": "offset points", "va": "center", "fontsize": 11, "color": MUTED}
                axes.annotate(range_text(found, "J"), (found.high, y), (12, 0), **beside)
            ticks.append(y)
            names.append(name)
            y += 1
        y += 0.5
    axes.set_ylim(y - 0.3, -0.7)
    axes.set_yticks(ticks, names)
    joule_ticks(axes, left, right, width)
    axes.set_xlabel("energy per inference, logarithmic", loc="right" if width == NARROW else "center")
    axes.grid(axis="x", color=RULE, linewidth=0.8)
    return figure


def levels_chart(counts: NetworkCounts, width: int = WIDE) -> Figure:
    """Spikes per inference that each layer sends, split by level."""
    layers = [layer for layer in counts.layers if layer.spikes]
    figure, axes = canvas(width, len(layers) * ROW + 90)
    left = np.zeros(len(layers))
    for k in range(counts.max_levels):
        sent = [layer.spikes[k] / counts.samples if k < len(layer.spikes) else 0.0 for layer in layers]
        colour = LEVELS[min(k, len(LEVELS) - 1)]
        level = f"level {k + 1}"
        bars = axes.barh(range(len(layers)), sent, left=left, height=0.62, color=colour, label=level, linewidth=0)
        for bar, layer, spikes in zip(bars, layers, sent, strict=True):
            named = f"{layer.name}, {level}" if counts.max_levels > 1 else layer.name
            say(bar, f"{named}: {count_text(spikes)} spikes per inference")
        left += sent
    axes.set_yticks(range(len(layers)), [short_name(layer.name, width) for layer in layers])
    axes.set_ylim(len(layers) - 0.4, -0.6)
    axes.set_xlabel("spikes per inference")
    axes.grid(axis="x", color=RULE, linewidth=0.8)
    if width == NARROW:
        axes.locator_params(axis="x", nbins=4)
    if counts.max_levels > 1:
        figure.legend(
            loc="outside upper left", ncols=min(counts.max_levels, 3 if width == NARROW else 6), frameon=False,
            fontsize=12, labelcolor=INK, handlelength=1, handleheight=1, borderaxespad=0,
        )  # fmt: skip
    return figure


def rates_chart(counts: NetworkCounts, width: int = WIDE) -> Figure:
    """Spikes per neuron at each time step: one row per layer, darker is more; of many steps several share a cell."""
    layers = [layer for layer in counts.layers if layer.spikes]
    rates = np.array(
        [np.sum(layer.spikes_t, axis=0) / (counts.samples * layer.neurons) for layer in layers], dtype=np.float64
    ).reshape(len(layers), counts.timesteps)
    figure, axes = canvas(width, len(layers) * ROW + 60)
    size = NARROW if width == NARROW else WIDE
    cells = max(FEWEST_CELLS[size], min(width // CELL[size], CELLS[size] // max(1, len(layers))))
    share = -(-counts.timesteps // cells)
    starts = range(0, counts.timesteps, share)
    means = np.array([rates[:, start : start + share].mean(axis=1) for start in starts]).T
    most = float(means.max(initial=0.0)) or 1.0
    numbers = counts.timesteps <= (6 if width == NARROW else 16)
    for (row, cell), rate in np.ndenumerate(means):
        start, end = starts[cell], min(starts[cell] + share, counts.timesteps)
        alpha, wide, gap = 0.06 + 0.54 * rate / most, end - start, 0.03 * share
        (bar,) = axes.barh(
            [row], [wide - 2 * gap], left=[start + gap], height=0.88, color=SNN, alpha=alpha, linewidth=0
        )
        when = f"step {end}" if wide == 1 else f"steps {start + 1} to {end}"
        say(bar, f"{layers[row].name}, {when}: {significant(rate)} spikes per neuron{'' if wide == 1 else ' and step'}")
        if numbers:
            axes.text(start + 0.5, row, f"{rate:.2f}", ha="center", va="center", fontsize=12, color=INK)
    axes.set_xlim(0, counts.timesteps)
    steps = step_ticks(counts.timesteps, 6 if width == NARROW else 16)
    axes.set_xticks([step - 0.5 for step in steps], [str(step) for step in steps])
    axes.set_ylim(len(layers) - 0.4, -0.6)
    axes.set_yticks(range(len(layers)), [short_name(layer.name, width) for layer in layers])
    axes.set_xlabel("time step")
    return figure


def tornado_chart(swings: Mapping[str, Sequence[Swing]], typical: Mapping[str, float], width: int = WIDE) -> Figure:
    """Change of J per inference when one constant goes to the ends of its range, in per cent of the typical value."""
    groups = {name: [s for s in found if s.width > 0][:DRIVERS] for name, found in swings.items()}
    groups = {name: found for name, found in groups.items() if found}
    figure, axes = canvas(width, sum(map(len, groups.values())) * ROW + len(groups) * GAP + 60)
    y, ticks, names = 0.0, [], []
    for name, found in groups.items():
        label = axes.annotate(name, (0, y), xycoords=("axes fraction", "data"), va="center", fontsize=13, color=INK)
        label.set(fontweight="bold", in_layout=False)
        y += 1
        for swing in found:
            ends = [100 * (end / typical[name] - 1) for end in (swing.low, swing.high)]
            for x, end, joule, colour in ((ends[0], "low", swing.low, SNN), (ends[1], "high", swing.high, ANN)):
                (bar,) = axes.plot(
                    sorted((x, 0)), [y, y], color=colour, linewidth=13, solid_capstyle="butt", alpha=0.75
                )
                energy = range_text(Range.exact(joule), "J")
                say(bar, f"{swing.constant.replace('_', ' ')}, {name}: {energy} ({x:+.0f} %) at its {end} end")
            ticks.append(y)
            names.append(swing.constant.replace("_", " "))
            y += 1
        y += 0.5
    axes.axvline(0, color=INK, linewidth=1)
    axes.set_yticks(ticks, [_wrapped(name, width) for name in names])
    axes.set_ylim(y - 0.3, -0.7)
    axes.margins(x=0.08)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:+.0f} %" if value else "typical")
    axes.locator_params(axis="x", nbins=4 if width == NARROW else 9)
    axes.grid(axis="x", color=RULE, linewidth=0.8)
    return figure


def breakeven_chart(points: Mapping[str, Mapping[str, BreakEven]], levels: int, width: int = WIDE) -> Figure:
    """Firing rate at which network and twin cost the same, against the measured rate; left of it the network wins."""
    rows = [(name, precision, point) for name, twins in points.items() for precision, point in twins.items()]
    figure, axes = canvas(width, len(rows) * (ROW + 4) + 80)
    measured = rows[0][2].rate if rows else 0.0
    shown = [rate for *_, point in rows if (rate := point.break_even_rate) is not None and isfinite(rate)]
    right = min(float(levels), 1.25 * max([measured, *shown, 0.1]))
    for y, (name, precision, point) in enumerate(rows):
        axes.plot([0, right], [y, y], color=RULE, linewidth=1)
        rate, word = point.break_even_rate, _always(point)
        drawn = []
        if rate is None or not point.rate:
            colour = ANN if point.rate else MUTED
            drawn = [axes.text(0.01 * right, y - 0.24, word, va="center", fontsize=12, color=colour)]
        else:
            bar = {"color": SNN, "linewidth": 9, "alpha": 0.35, "solid_capstyle": "butt"}
            drawn = axes.plot([0, min(rate, right)], [y, y], **bar)
            if rate <= right:
                drawn += axes.plot([rate], [y], marker="D", markersize=7, color=SNN)
        for mark in drawn:
            at = word or f"both cost the same at {rate_text(point)} spikes per neuron and step"
            say(mark, f"{name}, {precision_name(precision)}: {at}; measured {significant(point.rate)}")
    axes.axvline(measured, color=INK, linewidth=1.2, linestyle=(0, (4, 3)))
    axes.annotate(
        "measured", (measured, -0.75), (4, 0), textcoords="offset points", va="center", fontsize=12, color=INK
    )
    short = width == NARROW
    axes.set_yticks(
        range(len(rows)),
        [f"{name}{chr(10) if short else ', '}{precision_name(p)}" for name, p, _ in rows],
    )
    axes.set_xlim(0, right)
    axes.set_ylim(len(rows) - 0.4, -1)
    axes.set_xlabel("spikes per neuron and step")
    return figure


def _always(point: BreakEven) -> str:
    """What holds at any rate; empty where there is one at which both cost the same."""
    if not point.rate:
        return "no spikes"
    if point.break_even_rate is None:
        return "dearer at any rate"
    return "" if isfinite(point.break_even_rate) else "cheaper at any rate"


def span(axes: Axes, found: Range, y: float, colour: str, name: str) -> None:
    """A bar from low to high and a mark at typical, both with their value on hover."""
    bar = axes.plot([found.low, found.high], [y, y], color=colour, linewidth=9, solid_capstyle="butt", alpha=0.55)
    mark = axes.plot([found.typical], [y], marker="D", markersize=7, color=colour, linestyle="none")
    for artist in (*bar, *mark):
        say(artist, f"{name}: {range_text(found, 'J')}, typical {typical_text(found, 'J')}")


def joule_ticks(axes: Axes, low: float, high: float, width: int) -> None:
    """A logarithmic axis from `low` to `high` J, with round ticks in a range of any width."""
    values, digits = log_ticks(low, high, PLOTTED * width)
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.minorticks_off()
    axes.set_xticks(values, [tick_text(value, "J", digits) for value in values])


def _twins(twins: Mapping[str, AnnEstimate]) -> Sequence[tuple[str, Range, str]]:
    return [(f"ANN {precision_name(precision)}", twin.per_inference, ANN) for precision, twin in twins.items()]


def short_name(name: str, width: int) -> str:
    """A name that fits beside a narrow chart: stage2_block1_shortcut_mlf -> s2_b1_shor_mlf."""
    if width != NARROW or len(name) <= LABEL:
        return name
    brief = re.sub(r"([A-Za-z])[A-Za-z]+(?=\d)", r"\1", re.sub(r"([A-Za-z]{4})[A-Za-z]+(?!\w*\d)", r"\1", name))
    return brief if len(brief) <= LABEL else f"{brief[: LABEL // 2]}…{brief[-LABEL // 2 + 1 :]}"


def _wrapped(name: str, width: int) -> str:
    return name if width != NARROW else "\n".join(textwrap.wrap(name, LABEL + 4)[:2])


def canvas(width: int, height: int) -> tuple[Figure, Axes]:
    """An empty chart in the style of the report, in CSS pixels.

    Raises:
        InputError: matplotlib is missing.
    """
    try:
        from matplotlib.figure import Figure as MatplotlibFigure
    except ImportError as error:
        raise InputError("The charts of a report need matplotlib; pip install 'snnhw[report]'.") from error
    figure = MatplotlibFigure(figsize=(width / 72, height / 72), dpi=72, layout="constrained")
    axes = figure.add_subplot()
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(RULE)
    axes.tick_params(colors=MUTED, labelcolor=INK, labelsize=12, length=0)
    axes.tick_params(axis="x", labelcolor=MUTED)
    axes.xaxis.label.set(color=MUTED, fontsize=12)
    axes.set_axisbelow(True)
    return figure, axes
