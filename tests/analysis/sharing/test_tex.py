"""Texts in LaTeX print as they are: spelt out signs are read back here, and nothing that LaTeX acts on is left."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from snnhw.analysis.sharing.tex import BREAK, SPECIAL, tex

PRINTED = st.text(st.characters(codec="ascii", exclude_characters='\n"', exclude_categories=["Cc"]))
BACK = {BREAK: ""} | {code: sign for sign, code in SPECIAL.items() if code not in ("'", "''", " ")}


@given(PRINTED)
@example("snnhw report --latex")
def test_reading_it_back_gives_the_text(text):
    codes = sorted(BACK, key=len, reverse=True)
    parts = re.findall("|".join(map(re.escape, codes)) + "|.", tex(text))
    assert "".join(BACK.get(part, part) for part in parts) == text


@given(st.text())
def test_no_sign_is_left_that_latex_acts_on(text):
    spelt = tex(text)
    for code in SPECIAL.values():
        spelt = spelt.replace(code, "")
    spelt = spelt.replace(BREAK, "")
    assert not re.search(r"[\\&%$#_{}~^\"\n]", spelt)


def test_no_two_signs_are_drawn_as_one():
    assert tex("--latex, '' `` ?` !` ,, \u2013-") == ("-{}-latex, '{}' `{}` ?{}` !{}` ,{}, --{}-")


def test_units_and_ranges_are_set():
    assert tex("0.35\u20130.92\u202f\u00b5J, 2 \u00d7 & 5 % of a_b") == (
        r"0.35--0.92\,$\mu$J, 2 $\times$ \& 5 \% of a\_b"
    )
