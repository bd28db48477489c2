"""What the data sets hold is what their readers give; far apart is more than ten times."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.data.datasets import load
from snnhw.data.readers import _normalised
from snnhw.data.value_range import RANGES, ValueRange, far_apart, range_of


def test_ranges_are_those_of_the_readers():
    assert range_of(load("digits", "train").values) == RANGES["digits"] == ValueRange(0, 1)
    ends = _normalised(np.array([0, 255], np.uint8)[:, None, None, None] * np.ones((1, 3, 1, 1), np.uint8))
    found = range_of(ends)
    assert (found.low, found.high) == pytest.approx((RANGES["cifar10"].low, RANGES["cifar10"].high), rel=1e-5)
    assert str(RANGES["cifar10"]) == "-2.429 to 2.754"


@given(st.floats(0.01, 100), st.floats(0.01, 100), st.booleans())
def test_far_apart_does_not_ask_which_is_which(a, b, negative):
    one, other = ValueRange(0, a), ValueRange(-b if negative else 0, 0 if negative else b)
    assert far_apart(one, other) == far_apart(other, one)
    if not 9.99 < max(a, b) / min(a, b) < 10.01:
        assert far_apart(one, other) == (max(a, b) > 10 * min(a, b))


def test_zeros_alone_are_near_everything():
    assert not far_apart(ValueRange(0, 255), ValueRange(0, 0))
