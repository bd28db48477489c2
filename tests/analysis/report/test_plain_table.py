"""Plain tables: nothing is cut off, columns line up, and lines keep to the width where the fixed columns allow it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from snnhw.analysis.report.plain_table import GAP, Column, lines_of, wrapped

NAMES = st.text("abc_.1", min_size=1, max_size=60)
NUMBERS = st.integers(0, 10**9).map(str)


@given(st.lists(st.tuples(NAMES, NUMBERS, NUMBERS), min_size=1, max_size=6), st.integers(50, 90))
def test_every_character_is_printed_and_no_line_is_too_long(rows, width):
    columns = (Column("layer", right=False, folds=True), Column("a"), Column("b"))
    shown = lines_of(columns, rows, width=width)
    assert max(map(len, shown)) <= width
    right = [line for line in shown[2:] if line[-1].isdigit() and GAP in line.strip()]
    size = (
        len(shown[1]) - max(len(r[1]) for r in [*rows, "xab"]) - max(len(r[2]) for r in [*rows, "xab"]) - 2 * len(GAP)
    )
    printed = "".join(line[:size].strip() for line in shown[2:])
    assert printed == "".join(name for name, _, _ in rows)
    assert [line.split()[-2:] for line in right if len(line) == len(shown[1])] == [[a, b] for _, a, b in rows]


def test_what_a_short_column_leaves_is_shared_by_the_others():
    columns = [Column("folder", right=False, folds=True), Column("profile", right=False, folds=True)]
    lines = lines_of(columns, [["late", "loihi1-davies2018"], ["a", "x" * 40]], width=30)
    assert lines[2] == "late    loihi1-davies2018" and max(map(len, lines)) == 30


def test_names_are_cut_behind_a_joint():
    columns = (Column("layer", right=False, folds=True), Column("n"))
    shown = lines_of(columns, [("stage1_block1_shortcut", "12")], ("total", "12"), width=18)
    assert shown == [
        "layer            n",
        "------------------",
        "stage1_block1_  12",
        "shortcut",
        "------------------",
        "total           12",
    ]


@given(st.lists(st.text("abcdef", min_size=1, max_size=12), min_size=1, max_size=40))
def test_a_paragraph_keeps_its_words(words):
    shown = wrapped(" ".join(words), 30)
    assert " ".join(shown).split() == words and max(map(len, shown)) <= 30


def test_an_empty_paragraph_is_an_empty_line():
    assert wrapped("") == [""]
