"""Sums, multiples and ratios of ranges hold those of any values in them, and are reached at their ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.analysis.ranges import Range
from snnhw.errors import InputError

VALUES = st.floats(0.001, 1e6)
RANGES = st.lists(VALUES, min_size=3, max_size=3).map(lambda ends: Range(*sorted(ends)))
SLACK = 1e-9


def within(value: float, span: Range) -> bool:
    return span.low * (1 - SLACK) <= value <= span.high * (1 + SLACK)


def inside(span: Range, share: float) -> float:
    return span.low + share * (span.high - span.low)


@given(RANGES, RANGES, st.floats(0, 1), st.floats(0, 1), VALUES)
def test_values_inside_give_results_inside(a: Range, b: Range, at: float, to: float, factor: float) -> None:
    x, y = inside(a, at), inside(b, to)
    assert within(x + y, a + b) and within(x / y, a.over(b)) and within(x * factor, a.scaled(factor))


@given(RANGES, RANGES)
def test_every_end_is_that_of_some_values_inside(a: Range, b: Range) -> None:
    ratios = [x / y for x in a.ends for y in b.ends]
    assert (a.over(b).low, a.over(b).high) == (min(ratios), max(ratios))
    assert a.over(b).typical == a.typical / b.typical
    sums = [x + y for x in a.ends for y in b.ends]
    assert (a + b).ends == (min(sums), a.typical + b.typical, max(sums))


@given(st.lists(RANGES, max_size=5))
def test_a_total_is_the_sum_of_its_parts_and_of_none_it_is_zero(parts: list[Range]) -> None:
    summed = Range.exact(0.0)
    for part in parts:
        summed = summed + part
    assert Range.total(iter(parts)).ends == pytest.approx(summed.ends)


@given(RANGES)
def test_a_range_survives_plain_values(a: Range) -> None:
    assert Range(**a.to_dict()) == a and Range.exact(a.high).ends == (a.high,) * 3


@pytest.mark.parametrize("ends", [(2, 1, 3), (1, 3, 2), (3, 2, 1), (float("nan"), 1, 2)])
def test_ends_out_of_order_are_refused(ends: tuple[float, float, float]) -> None:
    with pytest.raises(InputError, match=r"Range .* is not in ascending order; sort it"):
        Range(*ends)


@pytest.mark.parametrize("low", [0.0, -1.0])
def test_dividing_by_what_may_be_zero_is_refused(low: float) -> None:
    with pytest.raises(InputError, match=rf"Cannot divide by the range {low} \.\. 2; it must be above zero"):
        Range.exact(1.0).over(Range(low, 1, 2))


def test_the_longer_of_two_is_so_at_each_end():
    assert Range(1, 2, 9).longest(Range(3, 4, 5)) == Range(3, 4, 9)
