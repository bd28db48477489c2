"""Weights in devices: whatever the slices and the signs, the columns hold the weight."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.analysis.crossbar.slicing import Slicing

SIGNS = st.sampled_from(["differential", "offset"])


@given(SIGNS, st.integers(1, 8), st.integers(1, 9), st.integers(0, 2**31))
def test_devices_hold_the_weights(signs, device_bits, magnitude_bits, seed):
    slicing = Slicing(signs, device_bits, magnitude_bits)
    limit = 2**magnitude_bits - 1
    weights = np.random.default_rng(seed).integers(-limit, limit + 1, (3, 5))
    devices = slicing.devices(weights)
    assert devices.shape == (5, slicing.columns_of(3))
    assert devices.min() >= 0 and devices.max() <= slicing.largest_device
    for output in range(3):
        for row in range(5):
            first = output * slicing.columns_per_output
            value = sum(int(devices[row, first + column]) * factor for column, factor in enumerate(slicing.factors))
            shared = int(devices[row, -1]) if slicing.shared_columns else 0
            assert value - slicing.offset * shared == weights[output, row]


@pytest.mark.parametrize(
    ("slicing", "factors"),
    [
        (Slicing("differential", 2, 7), (1, 4, 16, 64, -1, -4, -16, -64)),
        (Slicing("differential", 1, 2), (1, 2, -1, -2)),
        (Slicing("offset", 2, 7), (1, 4, 16, 64)),
        (Slicing("offset", 4, 4), (1, 16)),
    ],
)
def test_columns_of_one_output_are_these(slicing, factors):
    assert slicing.factors == factors and slicing.columns_per_output == len(factors)
    assert slicing.columns_of(2) == 2 * len(factors) + (slicing.signs == "offset")
