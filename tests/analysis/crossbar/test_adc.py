"""Converters: what they give, and at which number of bits they lose something."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from snnhw.analysis.crossbar.adc import Converter, least_bits


@given(st.integers(0, 10**6))
def test_the_least_bits_tell_all_sums_apart_and_one_fewer_does_not(largest):
    bits, sums = least_bits(largest), torch.tensor([0.0, float(largest)], dtype=torch.float64)
    assert torch.equal(Converter(bits)(sums), sums)
    if largest > 1:
        assert not torch.equal(Converter(bits - 1)(sums), sums)


def test_a_converter_clips_and_rounds_to_its_step():
    sums = torch.tensor([-1.0, 0.0, 3.0, 6.9, 7.0, 9.0])
    assert Converter(3)(sums).tolist() == [0, 0, 3, 7, 7, 7]
    assert Converter(2, step=2.0)(sums).tolist() == [0, 0, 4, 6, 6, 6]  # 1.5 steps are two, half to even
