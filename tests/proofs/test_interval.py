"""Intervals hold what they are said to hold: products and sums at every point, sums in any order and precision."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.proofs.interval import Interval, constant, product, rounded_sum, unbounded, widened

NUMBERS = st.floats(-1e6, 1e6, width=32)
ENDS = st.one_of(NUMBERS, st.sampled_from([-np.inf, np.inf, 0.0]))


def between(a: float, b: float) -> Interval:
    return Interval(np.array([min(a, b)]), np.array([max(a, b)]))


def holds(interval: Interval, value: float | Fraction) -> bool:
    """Compared exactly: a fraction with a float loses nothing."""
    low, high = float(interval.low[0]), float(interval.high[0])
    return low <= value <= high


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.floats(0, 1), st.floats(0, 1))
def test_products_and_sums_of_points_lie_in_those_of_their_intervals(a, b, c, d, at, to):
    x, y = between(a, b), between(c, d)
    p, q = (float(np.clip(i.low[0] + w * (i.high[0] - i.low[0]), i.low[0], i.high[0])) for i, w in ((x, at), (y, to)))
    assert holds(x.times(y), p * q) and holds(x + y, p + q) and holds(x.hull(q), p) and holds(x.hull(q), q)


@given(ENDS, ENDS, NUMBERS)
def test_an_unbounded_but_finite_value_times_zero_is_zero(a, b, c):
    x = between(a, b)
    zero = x.times(constant(0.0, (1,)))
    assert (zero.low, zero.high) == (0, 0)
    scaled = x.times(constant(c, (1,)))
    for end in (a, b):  # IEEE would give NaN for 0 times infinity
        assert holds(scaled, 0.0 if c == 0 or end == 0 else end * c)


@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=20), st.randoms(use_true_random=False))
def test_a_rounded_sum_holds_sums_in_any_order_in_single_precision(pairs, chance):
    terms = [between(a, b) for a, b in pairs]
    found = rounded_sum(terms, len(terms))
    points = [np.float32(chance.choice(pair)) for pair in pairs]
    chance.shuffle(points)
    total = np.float32(0)
    for point in points:
        total = np.float32(total + point)
    assert holds(found, float(total))
    assert holds(found, sum((Fraction(float(p)) for p in points), Fraction(0)))


@given(st.lists(NUMBERS, min_size=1, max_size=20))
def test_a_rounded_sum_is_no_wider_than_twice_what_rounding_can_do(values):
    """n + 3 operations of at most 2^-23 of the sizes each, on both sides, and what underflow may lose."""
    found = rounded_sum([between(v, v) for v in values], len(values))
    size = sum(abs(Fraction(v)) for v in values)
    width = Fraction(float(found.high[0])) - Fraction(float(found.low[0]))
    assert width <= (2 * (len(values) + 3) * size + 1) * Fraction(1, 2**23)
    assert size > 0 or width == 0  # sums of zeros stay zero


def test_more_operations_widen_more_until_nothing_is_known():
    low, high, size = np.array([1.0]), np.array([2.0]), np.array([2.0])
    widths = [w.high[0] - w.low[0] for w in (widened(low, high, size, size, n) for n in (0, 1, 100, 2**20))]
    assert all(a < b for a, b in pairwise(widths))
    assert widened(low, high, size, size, 2**22).high[0] == np.inf == -widened(low, high, size, size, 2**22).low[0]


@pytest.mark.parametrize("shape", [(3, 1, 1), (1, 2, 2), (3, 2, 2), ()])
def test_a_parameter_is_bounded_per_channel_whatever_it_broadcasts_along(shape):
    value = np.random.default_rng(0).normal(size=shape)
    found, full = constant(value, (3, 2, 2)), np.broadcast_to(value, (3, 2, 2))
    for c in range(3):
        assert (found.low[c], found.high[c]) == (full[c].min(), full[c].max())


def test_repeated_channels_are_in_the_order_of_a_flattened_image():
    image = np.arange(12.0).reshape(3, 2, 2)
    ends = Interval(image.min(axis=(1, 2)), image.max(axis=(1, 2))).repeat(4)
    assert ((ends.low <= image.ravel()) & (image.ravel() <= ends.high)).all()
    np.testing.assert_array_equal(ends.low, [0] * 4 + [4] * 4 + [8] * 4)


def test_products_with_zero_and_infinity_by_hand():
    a, b = np.array([0.0, np.inf, 2.0, -2.0]), np.array([np.inf, 0.0, np.inf, np.inf])
    np.testing.assert_array_equal(product(a, b), [0, 0, np.inf, -np.inf])
    assert (unbounded(2).low == -np.inf).all() and (unbounded(2).high == np.inf).all() and len(unbounded(2).low) == 2
