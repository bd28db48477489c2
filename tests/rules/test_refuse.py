"""A finding as an error: the first error, its place, and what to do, in one sentence."""

from __future__ import annotations

import pytest

from snnhw.errors import InputError
from snnhw.graph.finding import Finding
from snnhw.rules.refuse import errors_of, refuse, sentence
from tests.checks.nets import net

HINT = Finding("hint", "info", "conv", "it is so", "nothing")
FIRST, SECOND = (Finding("wrong", "error", node, "it is wrong", "mend it") for node in ("conv", ""))


def test_the_first_error_is_raised_word_for_word() -> None:
    graph = net()
    refuse([HINT], graph, "Loihi")
    with pytest.raises(InputError, match=r"^'conv' does not fit Loihi: it is wrong; mend it\.$"):
        refuse([HINT, FIRST, SECOND], graph, "Loihi")
    assert sentence(SECOND, graph, "lava") == "Graph 'network' does not fit lava: it is wrong; mend it."


def test_each_place_and_reason_is_listed_once() -> None:
    assert errors_of([FIRST, HINT, SECOND, FIRST]) == [FIRST, SECOND]
