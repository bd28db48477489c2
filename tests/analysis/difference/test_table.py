"""The text: eighty columns, cells that are the numbers of the difference, and sentences that are true."""

from __future__ import annotations

from fractions import Fraction

import pytest

from snnhw.analysis.difference import table
from snnhw.analysis.ranges import Range
from tests.analysis.difference.runs import between, pruned, sample_run

CASES = {
    "pruned": {"change": pruned},
    "longer": {"timesteps": 8},
    "K = 1": {"levels": 1},
    "deeper": {"widths": (4, 6, 8), "size": 12},
    "other profile": {"profiles": ("loihi1-sanafe",)},
    "other scope": {"profiles": ("spinnaker2",)},
}


@pytest.mark.parametrize("case", CASES)
def test_text_fits_eighty_columns_and_says_both_runs(case):
    found = between(sample_run(), sample_run(name="b", **CASES[case]))
    lines = table.text(found).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith("A: A, plain, 5 samples of noise, T = 4, ") and any(
        x.startswith("B: B, b, ") for x in lines
    )
    for pair in found.pairs:
        assert len(table.cells(found, pair)) == len(table.COLUMNS)


@pytest.mark.parametrize(
    ("a", "b", "text"),
    [
        (10, 10, "="),
        (200, 198, "-2 (-1\u202f%)"),
        (0, 5, "+5"),
        (1000, 0, "-1.0\u202fk (-100\u202f%)"),
        (10, 250, "+240 (x\u202f25)"),
        (100_000, 100_200, "+200 (+0.2\u202f%)"),
        (1_000_000, 1_000_001, "+1 (<\u202f0.1\u202f%)"),
    ],
)
def test_a_change_shows_its_sign_its_size_and_its_share(a, b, text):
    assert table.change_text(Fraction(a), Fraction(b)) == text


def test_energies_are_compared_at_typical_constants():
    a, b = Range(1e-9, 2e-9, 3e-9), Range(1e-9, 1e-9, 3e-9)
    assert table.joule_text(a, b) == "-1.0\u202fnJ (-50\u202f%)" and table.joule_text(a, a) == "="
    assert table.joule_text(None, b) == "+1.0\u202fnJ"


def test_the_answer_names_both_energies_and_what_is_certain():
    found = between(sample_run(), sample_run(change=pruned))
    first, second = table.answers(found)
    assert " -> " in first and first.endswith("B needs less, whatever the constants within their ranges.")
    assert "the arithmetic alone" in second


def test_nothing_differs_only_where_all_is_known():
    a = sample_run()
    assert table.answers(between(a, a)) == (table.ALL_THE_SAME,)
    assert table.why(between(a, a)) == ()


def test_causes_that_add_up_stand_with_the_layer():
    found = between(sample_run(), sample_run(timesteps=8))
    (line,) = [line for line in table.why(found) if line.startswith("s1b0_2_mlf: ")]
    assert "T 4 -> 8" in line and " by time steps, " in line and " by rate" in line
