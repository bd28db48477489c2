"""What ranges let one say: nothing where they overlap, and no like-for-like claim about unlike things."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.analysis.crossbar import verdict as words
from snnhw.analysis.crossbar.verdict import Row, claim, claim_cells, row_cells, same_constants, verdict
from snnhw.analysis.energy.estimate import Term
from snnhw.analysis.hardware.constants import Constant
from snnhw.analysis.ranges import Range


def row(name, low, high, bits=8, nm="32", terms=()):
    return Row(name, Range(low, (low + high) / 2, high), "memory", nm, bits, "rram", terms)


def term(name, count, low, high, follows=""):
    made = Constant(name, Range(low, low, high), "J", "pJ", 1.0, 32, "s", "t", "simulated", "low", follows=follows)
    return Term("layer", "adc", name, Range.exact(count), made, by_spikes=True)


@pytest.mark.parametrize(
    ("left", "right", "word"),
    [
        (row("a", 1, 2), row("b", 3, 4), words.LESS),
        (row("a", 5, 6), row("b", 3, 4), words.MORE),
        (row("a", 1, 3), row("b", 3, 4), words.OPEN),
        (row("a", 1, 9), row("b", 3, 4), words.OPEN),
        (row("a", 1, 2), row("b", 3, 4, bits=32), words.LOWER),
        (row("a", 5, 6), row("b", 3, 4, nm="45"), words.HIGHER),
        (row("a", 1, 9), row("b", 3, 4, bits=32), words.OPEN),
    ],
)
def test_what_is_said_of_two_ranges(left, right, word):
    found = claim(left, right)
    assert found.word == word and word in found.sentence
    assert (found.ratio.low, found.ratio.high) == (
        left.energy.low / right.energy.high,
        left.energy.high / right.energy.low,
    )


def test_every_other_way_is_held_against_both_accountings():
    names = [words.SNN, words.ANN, words.SNN_ALL, words.SNN_SKIPPED, words.TWIN, words.MATCHED, words.MATCHED_SKIPPED]
    found = verdict([row(name, 1, 2) for name in names], ("said",))
    pairs = [(c.left, c.right) for c in found.claims]
    assert len(pairs) == 4 + 5 and (words.SNN_ALL, words.MATCHED_SKIPPED) not in pairs
    assert {c.word for c in found.claims} == {words.OPEN} and found.to_dict()["assumes"] == ["said"]
    assert len(row_cells(found)) == 7 and len(claim_cells(found)) == 9


amounts = st.lists(st.integers(0, 9), min_size=3, max_size=3)
spans = st.lists(st.tuples(st.floats(0.1, 5), st.floats(0, 5)), min_size=3, max_size=3)
shares = st.lists(st.floats(0, 1), min_size=3, max_size=3)


@given(amounts, amounts, spans, shares)
def test_no_choice_of_constants_leaves_the_ratio_of_the_corners(left, right, spread, share):
    left, right = [1 + n for n in left], [1 + n for n in right]
    sides = [
        tuple(term(f"c{i}", n, low, low + width) for i, (n, (low, width)) in enumerate(zip(side, spread, strict=True)))
        for side in (left, right)
    ]
    found = same_constants(*sides)
    chosen = [low + s * width for (low, width), s in zip(spread, share, strict=True)]
    ratio = sum(n * c for n, c in zip(left, chosen, strict=True)) / sum(
        n * c for n, c in zip(right, chosen, strict=True)
    )
    assert found.low * (1 - 1e-9) <= ratio <= found.high * (1 + 1e-9)


def test_constants_that_follow_one_move_with_it_and_strangers_have_no_common_ratio():
    nine = (term("adc of 9 bits", 2, 1.0, 4.0, follows="adc"),)
    eight = (term("adc of 8 bits", 1, 1.0, 2.0, follows="adc"),)
    assert same_constants(nine, eight) == Range(2.0, 2.0, 4.0)
    assert same_constants(nine, (term("other", 1, 1.0, 2.0),)) is None and same_constants(nine, ()) is None
