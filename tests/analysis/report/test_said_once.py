"""A sentence that several say stands once, under the names of all who say it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from snnhw.analysis.report.said_once import said_once

texts = st.dictionaries(st.text(max_size=3), st.lists(st.sampled_from("abcdef"), max_size=6), max_size=4)


@given(texts)
def test_every_sentence_once_with_all_who_say_it(said):
    found = said_once(said)
    every = [text for one in found for text in one.texts]
    assert len(set(every)) == len(every) and len({one.names for one in found}) == len(found)
    for name, sentences in said.items():
        assert {text for one in found if name in one.names for text in one.texts} == set(sentences)
    assert all(one.of_all == (set(one.names) == set(said)) for one in found)


def test_what_all_say_comes_first_and_the_rest_in_their_order():
    found = said_once({"p": ["x", "both", "x", "z"], "q": ["both", "y"]})
    assert [(one.names, one.of_all, one.texts) for one in found] == [
        (("p", "q"), True, ("both",)), (("p",), False, ("x", "z")), (("q",), False, ("y",)),
    ]  # fmt: skip
