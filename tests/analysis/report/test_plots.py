"""Charts show the numbers that they are given, at their place and on hover."""

import dataclasses
import re
import sys

import numpy as np
import pytest

from snnhw.analysis.digits import count_text, range_text, significant, typical_text
from snnhw.analysis.energy.breakeven import BreakEven
from snnhw.analysis.energy.sensitivity import Swing
from snnhw.analysis.ranges import Range
from snnhw.analysis.report import hover, plots
from snnhw.errors import InputError


def test_narrow_charts_tell_all_layers_apart(html, report):
    narrow = re.findall(r'<div class="narrow".*?</svg>', html, re.DOTALL)[1:]
    names = [layer.name for layer in report.counts.layers if layer.spikes]
    deep = [f"stage{s}_block{b}_{u}" for s in (1, 2) for b in (1, 12) for u in ("mlf1", "mlf2", "shortcut_mlf")]
    assert all(f">{name}</text>" in narrow[-2] for name in names)
    assert len({plots.short_name(name, plots.NARROW) for name in deep}) == len(deep)
    assert all(len(plots.short_name(name, plots.NARROW)) <= plots.LABEL + 2 for name in deep)


@pytest.fixture
def drawn(report):
    """The one axes of a figure."""

    def axes_of(figure):
        (axes,) = figure.axes
        return axes

    return axes_of


def lines(axes, **points):
    """(x, y) of every line that is drawn so wide, or with such a marker."""
    return [
        (tuple(map(float, line.get_xdata())), float(line.get_ydata()[0]))
        for line in axes.lines
        if all(getattr(line, f"get_{key}")() == value for key, value in points.items())
    ]


@pytest.mark.parametrize("width", [plots.WIDE, plots.NARROW])
def test_energies_are_bars_from_low_to_high_with_a_mark_at_typical(report, drawn, width):
    axes = drawn(plots.energy_chart(report.energy, report.ann, width))
    expected = []
    for name, found in report.energy.items():
        expected += [found.per_inference, *(twin.per_inference for twin in report.ann[name].values())]
    assert [x for x, _ in lines(axes, linewidth=9)] == [(e.low, e.high) for e in expected]
    assert [x for x, _ in lines(axes, marker="D")] == [(e.typical,) for e in expected]
    rows = [y for _, y in lines(axes, marker="D")]
    assert rows == sorted(set(rows)) == list(axes.get_yticks()) and axes.get_xscale() == "log"
    low, high = axes.get_xlim()
    assert low < min(e.low for e in expected) and high > max(e.high for e in expected)
    texts = {text.get_text() for text in axes.texts}
    assert all(found.profile.title in {t.replace("\n", " ") for t in texts} for found in report.energy.values())
    assert (range_text(expected[0], "J") in texts) == (width == plots.WIDE)


def test_energies_within_one_decade_have_ticks_too(report, drawn):
    (name, found), *_ = report.energy.items()
    for width in (plots.WIDE, plots.NARROW):
        axes = drawn(plots.energy_chart({name: found}, {}, width))
        assert len(axes.get_xticks()) > 1 and not list(axes.get_xticks(minor=True))
        assert len({tick.get_text() for tick in axes.get_xticklabels()}) == len(axes.get_xticks())


def test_every_mark_says_its_value_on_hover(report, drawn):
    found = report.energy["loihi1-davies2018"]
    axes = drawn(plots.energy_chart(report.energy, report.ann))
    energy = found.per_inference
    said = f"SNN, {found.profile.title}: {range_text(energy, 'J')}, typical {typical_text(energy, 'J')}"
    assert [line.get_gid() for line in axes.lines[:2]] == [hover.SIGN + said] * 2
    assert all(line.get_gid() for line in axes.lines)
    layer = report.counts.layers[0]
    (bar, *_), *_ = drawn(plots.levels_chart(report.counts)).containers
    sent = count_text(layer.spikes[0] / report.counts.samples)
    assert bar.get_gid() == f"{hover.SIGN}{layer.name}, level 1: {sent} spikes per inference"


def test_levels_are_stacked_spikes_per_inference(report, drawn):
    axes, counts = drawn(plots.levels_chart(report.counts)), report.counts
    layers = [layer for layer in counts.layers if layer.spikes]
    bars = [bar for container in axes.containers for bar in container]
    assert len(axes.containers) == counts.max_levels and len(bars) == counts.max_levels * len(layers)
    for row, layer in enumerate(layers):
        ends = [c[row].get_x() + c[row].get_width() for c in axes.containers]
        sent = [sum(layer.spikes[: k + 1]) / counts.samples for k in range(counts.max_levels)]
        assert ends == pytest.approx(sent)
    assert [tick.get_text() for tick in axes.get_yticklabels()] == [layer.name for layer in layers]


def test_rates_are_spikes_per_neuron_at_each_step(report, drawn):
    axes, counts = drawn(plots.rates_chart(report.counts)), report.counts
    layers = [layer for layer in counts.layers if layer.spikes]
    written = {(round(t.get_position()[1]), int(t.get_position()[0])): t.get_text() for t in axes.texts}
    assert len(written) == len(layers) * counts.timesteps
    for (row, step), text in written.items():
        layer = layers[row]
        rate = sum(level[step] for level in layer.spikes_t) / (counts.samples * layer.neurons)
        assert float(text) == pytest.approx(rate, abs=0.005)


@pytest.mark.parametrize("width", [plots.WIDE, plots.NARROW])
def test_of_many_steps_neighbours_share_a_cell_that_shows_their_mean(report, drawn, width):
    rng, steps = np.random.default_rng(0), 300
    layers = [
        dataclasses.replace(layer, spikes_t=tuple(map(tuple, rng.integers(0, 9, (layer.levels, steps)).tolist())))
        for layer in report.counts.layers
        if layer.spikes
    ]
    counts = dataclasses.replace(report.counts, layers=tuple(layers), timesteps=steps)
    axes = drawn(plots.rates_chart(counts, width))
    assert len(axes.patches) <= plots.CELLS[width] and not axes.texts
    by_row = {row: [p for p in axes.patches if round(p.get_y() + 0.44) == row] for row in range(len(layers))}
    for row, layer in enumerate(layers):
        rate = np.sum(layer.spikes_t, axis=0) / (counts.samples * layer.neurons)
        cells = by_row[row]
        share = -(-steps // len(cells))
        assert len(cells) == -(-steps // share) >= plots.FEWEST_CELLS[width]
        for k, cell in enumerate(cells):
            start, end = k * share, min((k + 1) * share, steps)
            mean = significant(rate[start:end].mean())
            assert cell.get_gid() == (
                f"{hover.SIGN}{layer.name}, steps {start + 1} to {end}: {mean} spikes per neuron and step"
            )
            assert start < cell.get_x() < cell.get_x() + cell.get_width() < end
    ticks = [int(tick.get_text()) for tick in axes.get_xticklabels()]
    assert ticks == [round(x + 0.5) for x in axes.get_xticks()] and ticks[0] == 1 and ticks[-1] == steps
    assert len(ticks) <= (17 if width == plots.WIDE else 7)


def test_one_level_has_no_legend(report):
    layers = [
        dataclasses.replace(x, levels=1, spikes=x.spikes[:1], spikes_t=x.spikes_t[:1]) for x in report.counts.layers
    ]
    single = dataclasses.replace(report.counts, layers=tuple(layers))
    assert single.max_levels == 1 and not plots.levels_chart(single).legends
    assert plots.levels_chart(report.counts).legends


def test_a_swing_goes_from_the_typical_value_to_both_of_its_ends(drawn):
    swings = {
        "one": [Swing("synop_time", 8.0, 15.0, 0.5), Swing("even", 10.0, 10.0, 0.1), Swing("other", 9.0, 10.5, 0.4)],
        "none": [Swing("even", 3.0, 3.0, 1.0)],
    }
    axes = drawn(plots.tornado_chart(swings, {"one": 10.0, "none": 3.0}))
    found = [x for x, _ in lines(axes, linewidth=13)]
    assert found == [pytest.approx(x) for x in ((-20, 0), (0, 50), (-10, 0), (0, 5))]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["synop time", "other"]
    many = {"one": [Swing(f"c{i}", 1.0, 2.0 + i, 0.1) for i in range(9)]}
    assert len(lines(drawn(plots.tornado_chart(many, {"one": 1.5})), linewidth=13)) == 2 * plots.DRIVERS


def point(name, rate, even):
    exact = Range.exact
    return BreakEven(name, exact(2.0), exact(1.0), rate, even, 3.0, exact(1.0), exact(3.0))


def test_a_break_even_rate_is_a_mark_and_what_has_none_is_said_in_words(drawn):
    points = {
        "p": {"fp32": point("a", 0.5, 0.25), "int8": point("b", 0.5, None)},
        "q": {"fp32": point("c", 0.0, None), "int8": point("d", 0.5, float("inf"))},
    }
    axes = drawn(plots.breakeven_chart(points, 3))
    assert lines(axes, marker="D") == [((0.25,), 0.0)]
    assert [(t.get_text(), round(t.get_position()[1] + 0.24)) for t in axes.texts[:2]] == [
        ("dearer at any rate", 1), ("no spikes", 2),
    ]  # fmt: skip
    bars = lines(axes, linewidth=9)
    assert bars[0] == ((0.0, 0.25), 0.0) and bars[1][0][1] == axes.get_xlim()[1]  # cheaper at any rate: to the border
    assert any(set(map(float, line.get_xdata())) == {0.5} for line in axes.lines)  # the measured rate
    said = [mark.get_gid().removeprefix(hover.SIGN) for mark in (*axes.lines, *axes.texts) if mark.get_gid()]
    assert sorted(set(said)) == [
        "p, FP32: both cost the same at 1.0 spikes per neuron and step; measured 0.50",
        "p, INT8: dearer at any rate; measured 0.50",
        "q, FP32: no spikes; measured 0",
        "q, INT8: cheaper at any rate; measured 0.50",
    ]


def test_a_chart_without_anything_to_show_is_still_a_chart(report, drawn):
    assert not lines(drawn(plots.energy_chart({}, {})), marker="D")
    silent = dataclasses.replace(report.counts, layers=())
    assert not drawn(plots.rates_chart(silent)).texts
    assert not lines(drawn(plots.breakeven_chart({}, 3)), marker="D")


def test_without_matplotlib_the_remedy_is_named(report, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(InputError, match=r"need matplotlib; pip install 'snnhw\[report\]'"):
        plots.rates_chart(report.counts)
