"""The split of a product among its factors, against the sum over all subsets of factors that Shapley's formula is."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from math import factorial, prod

from hypothesis import given
from hypothesis import strategies as st

from snnhw.analysis.difference.factors import split

numbers = st.fractions(0, 50, max_denominator=20)
pairs = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=4)


def shapley(before, after, i):
    """Of factor i, over the subsets of the others that have changed already."""
    others, n = [j for j in range(len(before)) if j != i], len(before)
    whole = Fraction(0)
    for size in range(n):
        for changed in combinations(others, size):
            rest = prod((after[j] if j in changed else before[j] for j in others), start=Fraction(1))
            weight = Fraction(factorial(size) * factorial(n - size - 1), factorial(n))
            whole += weight * rest * (after[i] - before[i])
    return whole


@given(pairs)
def test_parts_are_shapley_values_and_add_up(found):
    before, after = zip(*found, strict=True)
    names = [f"f{i}" for i in range(len(found))]
    parts = split(dict(zip(names, before, strict=True)), dict(zip(names, after, strict=True)))
    assert [parts[name] for name in names] == [shapley(before, after, i) for i in range(len(found))]
    assert sum(parts.values()) == prod(after, start=Fraction(1)) - prod(before, start=Fraction(1))


@given(numbers, numbers, numbers, numbers)
def test_of_two_factors_each_changes_at_the_mean_of_the_other(a, b, c, d):
    assert split({"x": a, "y": b}, {"x": c, "y": d}) == {"x": (c - a) * (b + d) / 2, "y": (d - b) * (a + c) / 2}
