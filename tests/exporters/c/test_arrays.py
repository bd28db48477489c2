"""Packing keeps every weight; parameters are as small as what differs in them."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from snnhw.exporters.c.arrays import array, packed, parameter, smallest
from snnhw.graph.ir import Conv2d, Linear


def numbers(definition: str) -> list[int]:
    return [int(n) for n in re.findall(r"-?\d+", definition.split("{", 1)[1])]


@given(arrays(np.int64, (3, 4), elements=st.integers(-300, 300)), st.sampled_from([1, 2, 8]), st.booleans())
def test_packed_weights_times_their_scale_are_the_weights(weight, factor, events):
    made = packed(Linear(name="fc", shape=(3,), weight=weight * factor), events=events)
    order = (weight * factor).T if events else weight * factor
    assert (made.values * made.scale == order.ravel()).all()
    assert made.scale % factor == 0 or not weight.any()
    limit = {"int8_t": 2**7, "int16_t": 2**15, "int32_t": 2**31}[made.ctype]
    assert -limit <= made.values.min() and made.values.max() < limit


def test_weights_of_loihi_fit_a_byte():
    even = Linear(name="fc", shape=(2,), weight=np.array([[-256, 254], [2, 0]]))
    assert packed(even, events=False).ctype == "int8_t" and packed(even, events=False).scale == 2
    odd = Linear(name="fc", shape=(1,), weight=np.array([[255, 1]]))
    assert (packed(odd, events=False).ctype, packed(odd, events=False).scale) == ("int16_t", 1)


def test_weights_of_a_grouped_convolution_lie_by_input_where_events_are_followed():
    weight = np.arange(1, 4 * 2 * 3 * 1 + 1).reshape(4, 2, 3, 1) * 2 - 1
    values = packed(Conv2d(name="c", shape=(4, 1, 1), weight=weight, groups=2), events=True).values
    for channel in range(4):  # of the input: two for each group
        group, taken = divmod(channel, 2)
        part = values.reshape(4, 3, 1, 2)[channel]
        assert (part == weight[group * 2 : group * 2 + 2, taken].transpose(1, 2, 0)).all()


@pytest.mark.parametrize(("low", "high", "kind"), [(-128, 127, "int8_t"), (0, 128, "int16_t"), (-(2**31), 0, "int32_t"),
                                                   (0, 2**31, "int64_t")])  # fmt: skip
def test_the_smallest_type_that_holds_both(low, high, kind):
    assert smallest(low, high) == kind


@pytest.mark.parametrize(
    ("value", "strides", "count"),
    [(7, "0, 0", 1), (np.array([[1], [2]]), "1, 0", 2), (np.arange(6).reshape(2, 3), "3, 1", 6)],
)
def test_parameters(value, strides, count):
    definition, initialiser, size = parameter("theta", value, (2, 3))
    assert initialiser == f"{{theta, {strides}}}" and size == 4 * count and len(numbers(definition)) == count


def test_no_numbers_are_one_since_c_has_no_empty_array():
    assert array("int8_t", "none", np.zeros(0, int)) == "static const int8_t none[1] = {\n0\n};\n"
