"""Names that are made up are free."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from snnhw.graph.names import free_name

NAMES = st.text("a_", min_size=1, max_size=6)


def test_a_free_name_is_taken_as_it_is() -> None:
    assert (free_name("a"), free_name("a", ["b"]), free_name("a", {"a"}), free_name("a", {"a"}, ["a_"])) == (
        "a",
        "a",
        "a_",
        "a__",
    )


@given(NAMES, st.sets(NAMES), st.lists(NAMES))
def test_a_name_is_the_shortest_that_is_free_everywhere(name: str, these: set[str], those: list[str]) -> None:
    found = free_name(name, these, those)
    assert found not in these and found not in those
    assert found.startswith(name) and set(found[len(name) :]) <= {"_"}
    assert all(found[:end] in these or found[:end] in those for end in range(len(name), len(found)))
