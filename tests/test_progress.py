"""Whatever works long says how far it is in the same words: stage, finished, total."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from snnhw.progress import counter, staged


@given(st.lists(st.integers(0, 100), max_size=9), st.text(max_size=5))
def test_batches_add_up_to_what_is_finished(batches: list[int], stage: str) -> None:
    told: list[tuple[str, int, int]] = []
    tick = counter(lambda *words: told.append(words), stage, 1000)
    assert tick is not None
    for size in batches:
        tick(size)
    assert told == [(stage, sum(batches[:i]), 1000) for i in range(len(batches) + 1)]


def test_two_counters_do_not_share_what_is_finished() -> None:
    told: list[tuple[str, int, int]] = []
    first, second = (counter(lambda *words: told.append(words), stage, 5) for stage in "ab")
    assert first is not None and second is not None
    first(2)
    second(3)
    first(1)
    assert told == [("a", 0, 5), ("b", 0, 5), ("a", 2, 5), ("b", 3, 5), ("a", 3, 5)]


def test_a_stage_passes_on_what_it_is_told() -> None:
    told: list[tuple[str, int, int]] = []
    tell = staged(lambda *words: told.append(words), "search")
    assert tell is not None
    tell(3, 7)
    assert told == [("search", 3, 7)]


def test_where_nobody_listens_nothing_is_called() -> None:
    assert counter(None, "search", 5) is None and staged(None, "search") is None
