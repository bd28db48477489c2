"""The front and the hypervolume against brute force."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from snnhw.sweeps.front import dominates, front, hypervolume

SIDE = 5


def points(losses: int) -> st.SearchStrategy[list[tuple[float, ...]]]:
    return st.lists(st.tuples(*[st.integers(0, SIDE + 1).map(float)] * losses), max_size=7)


def cells(found: list[tuple[float, ...]], losses: int) -> int:
    """Unit cells below the reference whose lower corner some point reaches: the volume, counted."""
    return sum(
        any(all(p <= c for p, c in zip(point, cell, strict=True)) for point in found)
        for cell in itertools.product(range(SIDE), repeat=losses)
    )


@given(st.integers(1, 4).flatmap(lambda n: st.tuples(st.just(n), points(n))))
def test_the_hypervolume_is_the_number_of_unit_cells(case):
    losses, found = case
    assert hypervolume(found, (float(SIDE),) * losses) == cells(found, losses)


@given(points(3))
def test_the_front_has_the_whole_hypervolume(found):
    on = [found[i] for i in front(dict(enumerate(found)))]
    assert hypervolume(on, (SIDE,) * 3) == hypervolume(found, (SIDE,) * 3)


@given(points(2))
def test_nobody_on_the_front_is_beaten_and_all_others_are(found):
    on = set(front(dict(enumerate(found))))
    for i, point in enumerate(found):
        beaten = any(
            other[0] <= point[0] and other[1] <= point[1] and (other[0] < point[0] or other[1] < point[1])
            for other in found
        )
        assert (i in on) is not beaten


def test_golden_numbers():
    assert hypervolume([(1.0, 3.0), (2.0, 1.0)], (4.0, 4.0)) == 3 * 1 + 2 * 2
    assert hypervolume([], (1.0, 1.0)) == 0 and hypervolume([(2.0, 0.0)], (1.0, 1.0)) == 0
    assert dominates((1.0, 1.0), (1.0, 2.0)) and not dominates((1.0, 1.0), (1.0, 1.0))
