"""A graded spike takes the fewest bits that its values need."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from snnhw.graph.edge import Signal


@example(2)
@example(4)
@given(st.integers(0, 2**20))
def test_a_payload_has_the_fewest_bits_that_tell_its_values_apart(levels: int) -> None:
    bits = Signal("spikes", levels).payload_bits
    if levels <= 1:
        assert bits == 0
    else:
        assert 2 ** (bits - 1) <= levels < 2**bits
