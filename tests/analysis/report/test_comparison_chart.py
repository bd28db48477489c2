"""Networks side by side: every point at its place, no label over another, no accuracy above 100 %, ticks everywhere."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.text import Text

from snnhw.analysis.ranges import Range
from snnhw.analysis.report import plots
from snnhw.analysis.report.comparison_chart import pareto_chart, spread

WIDTHS = (plots.WIDE, plots.NARROW)


def axes_of(figure):
    (axes,) = figure.axes
    figure.draw_without_rendering()
    return axes


def test_points_on_the_front_are_filled():
    points = {"a": (0.9, Range(1e-6, 2e-6, 3e-6)), "b": (0.8, Range(4e-6, 5e-6, 6e-6))}
    axes = axes_of(pareto_chart(points, ["a"]))
    marks = [line for line in axes.lines if line.get_marker() == "D"]
    assert [(float(m.get_xdata()[0]), float(m.get_ydata()[0])) for m in marks] == [(2e-6, 90.0), (5e-6, 80.0)]
    assert [m.get_markerfacecolor() == "none" for m in marks] == [False, True]
    assert {t.get_text() for t in axes.texts} == {"a", "b"} and axes.get_xscale() == "log"


CLOSE = {f"network {k}": (0.981 + 0.0001 * k, Range(1.0e-6, 1.1e-6, 1.3e-6).scaled(1 + 0.01 * k)) for k in range(6)}
FULL = {"a": (1.0, Range(1e-6, 2e-6, 3e-6)), "b": (1.0, Range(1e-6, 2e-6, 3e-6))}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("points", [CLOSE, FULL, {f"n{k}": (0.5, Range.exact(1e-6)) for k in range(30)}])
def test_no_label_touches_another_and_no_tick_another(points, width):
    axes = axes_of(pareto_chart(points, [], width))
    boxes = sorted((Text.get_window_extent(text) for text in axes.texts), key=lambda box: box.y0)  # without their lines
    assert len(boxes) == len(points)
    assert all(b.y0 >= a.y0 + 0.8 * a.height for a, b in pairwise(boxes))
    assert all(box.x1 <= width + 1 for box in boxes)
    ticks = [label.get_window_extent() for label in axes.get_xticklabels()]
    assert len(ticks) > 1 and all(b.x0 > a.x1 for a, b in pairwise(ticks))
    assert axes.get_ylim()[1] <= 100 and max(axes.get_yticks()) <= 100


heights = st.dictionaries(st.text(min_size=1), st.floats(0, 100), min_size=1, max_size=12)


@given(heights, st.integers(1, 40))
def test_labels_keep_their_order_and_their_distance_between_the_ends(wanted, lines):
    found = spread(wanted, 0.0, 100.0, lines)
    gap = 100.0 / max(lines, len(wanted))
    order = sorted(wanted, key=lambda label: wanted[label])
    assert all(found[b] - found[a] >= gap * (1 - 1e-9) for a, b in pairwise(order))
    assert all(-1e-9 <= place <= 100 + 1e-9 for place in found.values())


def test_labels_stay_where_there_is_room():
    assert spread({"a": 20.0, "b": 70.0}, 0.0, 100.0, 10) == {"a": 20.0, "b": 70.0}


def test_a_network_without_energy_has_no_place_on_a_logarithmic_axis():
    axes = axes_of(pareto_chart({"none": (0.9, Range.exact(0.0)), "some": (0.8, Range.exact(1e-6))}, []))
    assert [text.get_text() for text in axes.texts] == ["some"]
    assert not axes_of(pareto_chart({}, [])).texts
