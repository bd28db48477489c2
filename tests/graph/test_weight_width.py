"""Widths of weights, held against every integer that Loihi truncates to them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.graph.weight_width import FULL, WeightWidth, bits_needed


def truncated(weights, bits):
    """Oracle: mixed-sign weights lose the low 8 - bits and, for the sign, one bit more."""
    lost = 8 - bits + 1
    return (weights >> lost) << lost


@pytest.mark.parametrize("bits", range(4, 9))
def test_a_width_has_the_weights_that_truncation_leaves_alone(bits):
    width, all_of_them = WeightWidth(bits), np.arange(-256, 256)
    kept = all_of_them[truncated(all_of_them, bits) == all_of_them]
    assert width.step == kept[kept > 0].min() and width.limit == kept.max()
    assert len(kept) == 2**bits and set(kept) <= set(range(-256, 255, 2))
    assert (FULL.step, FULL.limit) == (2, 254)


@given(st.lists(st.integers(-128, 127).map(lambda n: 2 * n), max_size=9))
def test_the_bits_needed_are_the_fewest_that_truncation_leaves_alone(values):
    weights = np.array(values, np.int32)
    fewest = min(bits for bits in range(1, 9) if (truncated(weights, bits) == weights).all())
    assert bits_needed(weights) == fewest


def test_odd_weights_of_other_targets_take_eight_bits():
    assert bits_needed(np.array([[3, 0]])) == 8


@pytest.mark.parametrize("bits", [3, 9, 0])
def test_other_widths_are_refused(bits):
    with pytest.raises(InputError, match="give 4 to 8"):
        WeightWidth(bits)
