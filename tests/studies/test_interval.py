"""Intervals of a mean: Student's distribution against SciPy, the published table, and the laws of intervals."""

import math
import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from snnhw.errors import InputError
from snnhw.studies.interval import Interval, interval, t_quantile, t_share

PRINTED = {
    1: 12.706,
    2: 4.303,
    4: 2.776,
    9: 2.262,
    30: 2.042,
}  # Student's table, 95 % both sides, by degrees of freedom


@given(st.floats(0, 1e6), st.integers(1, 300))
def test_the_share_below_t_is_that_of_scipy(t, freedom):
    assert t_share(t, freedom) == pytest.approx(stats.t.cdf(t, freedom), abs=1e-12)


@given(st.floats(0.5, 0.999), st.integers(1, 300))
def test_the_quantile_is_that_of_scipy(share, freedom):
    assert t_quantile(share, freedom) == pytest.approx(stats.t.ppf(share, freedom), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("freedom", "printed"), PRINTED.items())
def test_the_quantile_is_the_printed_one(freedom, printed):
    assert round(t_quantile(0.975, freedom), 3) == printed


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=8))
def test_an_interval_is_that_of_scipy(values):
    found, error = interval(values), statistics.stdev(values) / math.sqrt(len(values))
    assert found.mean == pytest.approx(statistics.fmean(values))
    if error > 1e-9:
        low, high = stats.t.interval(0.95, len(values) - 1, loc=statistics.fmean(values), scale=error)
        assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)


def test_of_normal_values_95_in_100_intervals_hold_the_mean():
    draw = random.Random(0)
    found = [interval([draw.gauss(3, 2) for _ in range(5)]) for _ in range(4000)]
    share = statistics.fmean(one.low <= 3 <= one.high for one in found)
    assert abs(share - 0.95) < 3.5 * math.sqrt(0.95 * 0.05 / 4000)


def test_overlap_is_of_closed_intervals_and_symmetric():
    a, b, c = Interval(1, 0, 2), Interval(3, 2, 4), Interval(6, 5, 7)
    assert a.overlaps(b) and b.overlaps(a) and not a.overlaps(c) and not c.overlaps(a)
    assert a.half == 1


def test_one_value_has_no_interval():
    with pytest.raises(InputError, match="1 values have no spread; give two or more"):
        interval([0.5])
