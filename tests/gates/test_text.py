"""Text on its way to a terminal, a spreadsheet or a path means only itself."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.gates.text import csv_cell, file_name, visible
from tests.fuzz import fuzzed


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain\nlines", "plain\nlines"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("a\rb\x00\x9b", r"a\rb\x00\x9b"),
        ("cba\u202eabc", r"cba\u202eabc"),
        ("half \ud800", r"half \ud800"),
        ("µJ 神经 👩\u200d🔬", "µJ 神经 👩\u200d🔬"),
    ],
)
def test_what_steers_a_terminal_is_spelt_out(text, seen):
    assert visible(text) == seen


@fuzzed
@given(st.text())
def test_whatever_is_shown_can_be_printed_and_cannot_steer(text):
    shown = visible(text)
    assert shown.encode().decode() == shown and not any(
        (ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 for c in shown
    )


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r", "＝"])  # noqa: RUF001
def test_formulas_are_quoted(begins):
    assert csv_cell(f"{begins}cmd|'/c calc'!A0") == f"'{begins}cmd|'/c calc'!A0"


@fuzzed
@given(st.text())
def test_other_cells_stay_as_they_are(text):
    found = csv_cell(text)
    assert found in (text, f"'{text}") and not found.startswith(("=", "+", "-", "@", "\t", "\r"))
    row = io.StringIO()
    csv.writer(row).writerow([found])
    assert next(csv.reader(io.StringIO(row.getvalue(), newline=""))) == [found]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("mnist_ds_resnet8", "mnist_ds_resnet8"),
        ("my net-2.1", "my net-2.1"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("/etc/passwd", "_etc_passwd"),
        (".hidden", "hidden"),
        ("-rf", "rf"),
        ("..", "unnamed"),
        ("", "unnamed"),
        ("a\0b", "a_b"),
        ("x" * 300, "x" * 160),
        ("\ud800", "_"),
    ],
)
def test_names_of_files(text, name):
    assert file_name(text) == name


@fuzzed
@given(st.text(st.characters()))
def test_any_text_becomes_a_name_in_the_folder(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("n")
    path = folder / file_name(text)
    path.write_text("x")
    assert path.resolve().parent == folder.resolve() and [p.name for p in folder.iterdir()] == [Path(path).name]
    path.unlink()
    folder.rmdir()
