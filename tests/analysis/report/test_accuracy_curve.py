"""The curve of accuracy: every value has its mark, its interval and its chips."""

from __future__ import annotations

import pytest

from snnhw.analysis.report.accuracy_curve import Marked, accuracy_curve, accuracy_curves
from snnhw.analysis.report.plots import NARROW, WIDE

MARKS = (
    Marked("0", 0.9, 0.85, 0.95, (0.88, 0.92), 0.9),
    Marked("0.1", 0.4, 0.1, 0.7, (0.35, 0.45), 0.9),
)


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_value_has_a_mark_an_interval_and_its_chips(width):
    (axes,) = accuracy_curve(MARKS, "spread, share of the range", width).axes
    lines = {(tuple(line.get_xdata()), tuple(float(y) for y in line.get_ydata())) for line in axes.lines}
    assert ((0, 1), (90.0, 90.0)) in lines and ((1, 1), (10.0, 70.0)) in lines
    assert ((0, 0), (88.0, 92.0)) in lines and ((1, 1), (35.0, 45.0)) in lines  # chips, at the value itself
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0", "0.1"]
    assert axes.get_xlabel() == ("spread,\nshare of the range" if width == NARROW else "spread, share of the range")
    low, high = axes.get_ylim()
    assert low <= 10.0 and high > 100.0


def test_marks_say_their_values():
    drawn = dict(accuracy_curves("spread", MARKS, "spread"))
    assert set(drawn) == {"spread_wide", "spread_narrow"}
    assert all("<title>0.1: 40.0" in svg for svg in drawn.values())
