"""A sentence that several say stands once, with the names of all who say it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from snnhw.analysis.report.said_once import said_once

texts = st.dictionaries(st.text(max_size=3), st.lists(st.sampled_from("abcdef"), max_size=6), max_size=4)


@given(texts)
def test_every_sentence_once_with_all_who_say_it(said):
    found = said_once(said)
    assert len({one.text for one in found}) == len(found)
    for name, sentences in said.items():
        assert {one.text for one in found if name in one.names} == set(sentences)
    assert all(one.of_all == (set(one.names) == set(said)) for one in found)


def test_what_all_say_comes_first_and_the_rest_in_their_order():
    found = said_once({"p": ["x", "both", "x"], "q": ["both", "y"]})
    assert [(one.text, one.names, one.of_all) for one in found] == [
        ("both", ("p", "q"), True), ("x", ("p",), False), ("y", ("q",), False),
    ]  # fmt: skip
