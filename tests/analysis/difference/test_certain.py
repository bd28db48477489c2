"""What is certain of an order, against constants drawn at random within their ranges."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.analysis.difference.certain import order, same_constants, span
from snnhw.analysis.difference.side import Price, PricedTerm
from snnhw.analysis.ranges import Range
from tests.analysis.difference.runs import between, pruned, sample_run

CONSTANTS = {"synop": Range(1.0, 2.0, 4.0), "update": Range(5.0, 6.0, 6.0), "host": Range(0.5, 3.0, 9.0)}
counts = st.fixed_dictionaries(dict.fromkeys(CONSTANTS, st.integers(0, 20)))


def price(numbers, known=True):
    terms = tuple(
        PricedTerm("layer", "part", name, Range.exact(float(n)), Range(*(n * end for end in CONSTANTS[name].ends)))
        for name, n in numbers.items()
        if n
    )
    whole = Range.total(term.energy for term in terms)
    return Price("p", "P", "a" * 64, "chip", "shared", whole, {"layer": whole}, terms, CONSTANTS if known else {})


@given(counts, counts, st.booleans(), st.integers(0, 2**32 - 1))
def test_no_constants_within_their_ranges_give_another_order(a, b, known, seed):
    rng = np.random.default_rng(seed)
    found, (low, high) = order(price(a, known), price(b, known)), span(price(a, known), price(b, known))
    drawn = []
    for share in (*np.eye(3), 1 - np.eye(3)[0], *rng.random((20, 3))):
        c = {n: r.low + s * (r.high - r.low) for (n, r), s in zip(CONSTANTS.items(), share, strict=True)}
        drawn.append(sum((b[n] - a[n]) * c[n] for n in c))
    assert low - 1e-9 <= min(drawn) and max(drawn) <= high + 1e-9
    if found != "open":
        assert {np.sign(np.round(d, 9)) for d in drawn} <= {{"less": -1, "more": 1, "same": 0}[found]}
    ends = [min, max]
    exact = [sum(pick((b[n] - a[n]) * r.low, (b[n] - a[n]) * r.high) for n, r in CONSTANTS.items()) for pick in ends]
    assert (low, high) == pytest.approx(tuple(exact))  # and no wider than it must be


def test_ranges_that_overlap_leave_an_order_certain_where_all_counts_fall():
    a, b = price({"synop": 10, "update": 5}), price({"synop": 9, "update": 5})
    assert b.per_inference.high > a.per_inference.low and order(a, b) == "less"
    assert order(b, a) == "more" and order(a, a) == "same"
    assert order(price({"synop": 10, "update": 1}), price({"synop": 1, "update": 5})) == "open"


def test_constants_of_two_profiles_are_free_of_each_other():
    a, b = price({"synop": 10}), dataclasses.replace(price({"synop": 9}), checksum="b" * 64)
    assert not same_constants(a, b) and order(a, b) == "open"
    assert span(a, b) == (9 - 40, 36 - 10)
    unknown = dataclasses.replace(a, checksum="")
    assert not same_constants(unknown, unknown)


def test_terms_whose_constant_is_not_told_alike_are_taken_apart():
    a, b = price({"synop": 10}, known=False), price({"synop": 10}, known=False)
    (term,) = b.terms
    odd = dataclasses.replace(b, terms=(dataclasses.replace(term, energy=Range(1.0, 1.0, 1.0)),))
    assert span(a, odd) == (1 - 40, 1 - 10)


def test_a_real_pair():
    found = between(sample_run(), sample_run(name="pruned", change=pruned))
    for a, b in found.prices.values():
        low, high = span(a, b)
        shifts = [y - x for x, y in zip(a.per_inference.ends, b.per_inference.ends, strict=True)]
        assert order(a, b) == "less" and all(low - 1e-15 <= shift <= high + 1e-15 for shift in shifts)
