"""Ticks are round, inside their axis, and far enough apart to be read."""

from __future__ import annotations

from itertools import pairwise
from math import log10

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.analysis.digits import tick_text
from snnhw.analysis.report.ticks import ROOM, log_ticks, share_ticks, step_ticks

axes = st.tuples(st.floats(1e-13, 1e-2), st.floats(1.05, 1e9), st.floats(150, 900))


@given(axes)
def test_logarithmic_ticks_are_told_apart_and_do_not_touch(axis):
    low, factor, pixels = axis
    high = low * factor
    found, digits = log_ticks(low, high, pixels)
    assert found and all(low <= value <= high for value in found)
    places = [log10(value / low) / log10(factor) * pixels for value in found]
    assert all(b - a >= ROOM * 0.999 for a, b in pairwise(places))
    labels = [tick_text(value, "J", digits) for value in found]
    assert len(set(labels)) == len(labels)


@given(st.floats(1e-13, 1e-2), st.floats(2.5, 1e6), st.floats(180, 900))
def test_a_range_of_more_than_two_and_a_half_has_two_ticks_at_least(low, factor, pixels):
    assert len(log_ticks(low, low * factor, pixels)[0]) >= 2


def test_logarithmic_ticks_by_hand():
    assert log_ticks(0.9e-9, 2e-5, 640) == ((1e-9, 3e-9, 1e-8, 3e-8, 1e-7, 3e-7, 1e-6, 3e-6, 1e-5), 1)
    assert log_ticks(3.1e-6, 8e-6, 180) == ((5e-6, 7e-6), 2)
    assert log_ticks(1.01e-6, 2.52e-6, 180) == ((1.5e-6, 2.5e-6), 2)


@given(st.integers(1, 5000), st.integers(2, 20))
def test_steps_begin_with_the_first_and_are_few(steps, most):
    found = step_ticks(steps, most)
    assert found[0] == 1 and found[-1] <= steps and len(found) <= most + 1
    assert list(found) == sorted(set(found)) and (steps > most or found == tuple(range(1, steps + 1)))
    assert len({b - a for a, b in pairwise(found[1:])}) <= 1


def test_steps_by_hand():
    assert step_ticks(4, 6) == (1, 2, 3, 4)
    assert step_ticks(300, 6) == (1, 100, 200, 300) and step_ticks(300, 16) == (1, *range(20, 301, 20))


@given(st.floats(0, 100), st.floats(1e-3, 120), st.integers(2, 9))
def test_shares_are_never_outside_0_to_100(low, span, most):
    high = low + span
    found = share_ticks(low, high, most)
    assert len(found) <= most + 1 and all(0 <= value <= 100 for value in found)
    assert all(low - 1e-6 <= value <= high + 1e-6 for value in found)


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [
        (98.2, 100.0, (98.5, 99.0, 99.5, 100.0)),
        (0.0, 106.0, (0, 20, 40, 60, 80, 100)),
        (97.2, 97.4, (97.2, 97.25, 97.3, 97.35, 97.4)),
    ],
)
def test_shares_by_hand(low, high, found):
    assert share_ticks(low, high, 6) == found
