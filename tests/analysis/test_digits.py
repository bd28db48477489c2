import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.analysis.digits import (
    THIN,
    count_text,
    percent,
    range_text,
    ratio_text,
    short_count,
    significant,
    tick_text,
    typical_text,
)
from snnhw.analysis.ranges import Range

ranges = st.lists(st.floats(1e-13, 1e3), min_size=3, max_size=3).map(lambda ends: Range(*sorted(ends)))
SCALES = {"f": 1e-15, "p": 1e-12, "n": 1e-9, "µ": 1e-6, "m": 1e-3, "": 1.0}


def read(text):
    """The numbers of a text in SI units, and how many significant digits the first one shows."""
    *_, unit = text.split(THIN)
    numbers = text[: -len(unit)].replace(THIN, "").split("\u2013")
    return [float(n) * SCALES[unit.removesuffix("J")] for n in numbers]


@pytest.mark.parametrize(
    ("low", "typical", "high", "span", "middle"),
    [
        (0.352e-6, 0.411e-6, 0.917e-6, "350..920 nJ", "410 nJ"),
        (47.67e-6, 48.1e-6, 72.6e-6, "48..73 µJ", "48 µJ"),
        (4.6e-12, 4.6e-12, 4.6e-12, "4.6 pJ", "4.6 pJ"),
        (0.0123e-6, 1.42e-6, 45.6e-6, "0.012..46 µJ", "1 µJ"),
        (98.3, 99.0, 101.2, "98..100 J", "99 J"),
        (99.9, 100.0, 100.1, "100 J", "100 J"),
        (0.0, 0.0, 2e-9, "0..2.0 nJ", "0 nJ"),
        (9.96e-10, 9.97e-10, 9.98e-10, "1.0 nJ", "1.0 nJ"),
        (0.9996e-6, 0.9997e-6, 0.9998e-6, "1.0 µJ", "1.0 µJ"),
        (0, 0, 0, "0 J", "0 J"),
    ],
)
def test_golden_ranges(low, typical, high, span, middle):
    found = Range(low, typical, high)
    assert range_text(found, "J") == span.replace(" ", THIN).replace("..", "\u2013")
    assert typical_text(found, "J") == middle.replace(" ", THIN)


@given(ranges)
def test_printed_ends_are_the_ends_to_two_digits(found):
    numbers = read(range_text(found, "J"))
    for printed, end in zip((numbers[0], numbers[-1]), (found.low, found.high), strict=True):
        assert printed == pytest.approx(end, rel=0.0501)


@given(ranges)
def test_no_printed_number_has_more_than_two_significant_digits(found):
    for text in (range_text(found, "J"), typical_text(found, "J")):
        for number in re.findall(r"[\d.\u202f]+(?=[\u2013\u202f])", text):
            digits = number.replace(THIN, "").replace(".", "").lstrip("0")
            assert len(digits.rstrip("0")) <= 2


@given(ranges)
def test_typical_value_is_no_finer_than_a_tenth_of_the_width_allows(found):
    printed = read(typical_text(found, "J"))[0]
    assert printed == pytest.approx(found.typical, rel=0.5001)
    assert printed > 0


def test_ratio_and_tick():
    assert ratio_text(Range(0.207, 0.4, 0.643)) == f"0.21\u20130.64{THIN}\u00d7"
    assert [tick_text(10.0**k, "J") for k in (-9, -8, -7, -6)] == [f"{n}{THIN}{u}" for n, u in
        ((1, "nJ"), (10, "nJ"), (100, "nJ"), (1, "µJ"))]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (7, "7"),
        (1234567, "1 234 567"),
        (12.345, "12.3"),
        (1234.5678, "1 235"),
        (99.99, "100.0"),
        (0.13, "0.1"),
        (0.0314, "0.031"),
    ],
)
def test_counts_show_thousands_and_one_decimal_at_most(value, text):
    assert count_text(value) == text.replace(" ", THIN)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (42, "42"),
        (0.5, "0.50"),
        (999, "999"),
        (999_600, "1.0 M"),
        (23757, "24 k"),
        (652880, "653 k"),
        (1_950_131, "2.0 M"),
    ],
)
def test_short_counts(value, text):
    assert short_count(value) == text.replace(" ", THIN)


@pytest.mark.parametrize(
    ("share", "text"), [(0, "0.0 %"), (1, "100.0 %"), (0.98055, "98.1 %"), (1e-6, "< 0.1 %"), (0.99999, "> 99.9 %")]
)
def test_percentages_round_neither_to_none_nor_to_all(share, text):
    assert percent(share) == text.replace(" ", THIN)


def test_significant_digits_without_exponent():
    assert [significant(v) for v in (0.0347, 348, 0.0996, 1e-7)] == ["0.035", "350", "0.10", "0.00000010"]
