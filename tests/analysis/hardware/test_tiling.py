"""Geometry of tiles against brute force: every source coordinate, every tap, every tile, one by one."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.analysis.hardware.tiling import Axis, choices, largest_reach, lists, overlaps, spans, volume, windows
from snnhw.graph.ir import Conv2d, Linear


@st.composite
def kernels(draw: st.DrawFn) -> tuple[Axis, int]:
    """(window of a kernel, length of what it gives)."""
    taps, stride, dilation = draw(st.integers(1, 4)), draw(st.integers(1, 3)), draw(st.integers(1, 2))
    padding = draw(st.integers(0, 2))
    source = draw(st.integers(max(1, dilation * (taps - 1) + 1 - 2 * padding), 12))
    window = Axis(source, "kernel", taps, stride, padding, dilation)
    return window, (source + 2 * padding - dilation * (taps - 1) - 1) // stride + 1


def taps_into(window: Axis, at: int, span: tuple[int, int]) -> tuple[int, ...]:
    """Taps through which coordinate `at` reaches outputs in `span`: output o sees o*stride - padding + tap*dilation."""
    return tuple(
        tap
        for tap in range(window.taps)
        if any(o * window.stride - window.padding + tap * window.dilation == at for o in range(*span))
    )


@given(st.integers(1, 40), st.integers(1, 40))
def test_spans_cover_everything_once_in_equal_parts(size: int, parts: int) -> None:
    found = spans(size, parts)
    assert [at for span in found for at in range(*span)] == list(range(size))
    lengths = [b - a for a, b in found]
    assert set(lengths[:-1]) <= {lengths[0]} and lengths[-1] <= lengths[0] and len(found) <= parts


@given(st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9)))
def test_choices_are_all_ways_to_cut_from_the_fewest_tiles_on(size: tuple[int, int, int]) -> None:
    ways = {
        tuple(len(spans(n, p)) for n, p in zip(size, parts, strict=True)) for parts in product(range(1, 10), repeat=3)
    }
    found = choices(size)
    assert set(found) == ways and len(found) == len(ways)
    tiles = [int(np.prod(c)) for c in found]
    assert tiles == sorted(tiles) and found[0] == (1, 1, 1) and found[-1] == size


@given(kernels(), st.integers(1, 5))
def test_the_reach_of_a_tile_holds_every_coordinate_with_a_tap_into_it(drawn: tuple[Axis, int], parts: int) -> None:
    window, size = drawn
    reaching = [sum(bool(taps_into(window, at, span)) for at in range(window.source)) for span in spans(size, parts)]
    assert largest_reach(window, size, parts) >= max(reaching)
    if window.dilation == 1 and window.stride <= window.taps:  # no gaps between taps
        assert largest_reach(window, size, parts) == max(reaching)


@given(kernels(), st.integers(1, 5), st.integers(1, 5))
def test_overlaps_count_each_coordinate_once_for_every_tile_that_it_reaches(
    drawn: tuple[Axis, int], own_parts: int, parts: int
) -> None:
    window, size = drawn
    expected = [
        sum(bool(taps_into(window, at, span)) for at in range(*mine) for span in spans(size, parts))
        for mine in spans(window.source, own_parts)
    ]
    found = overlaps(window, own_parts, size, parts)
    assert len(found) == len(expected) and all(f >= e for f, e in zip(found, expected, strict=True))
    if window.dilation == 1 and window.stride <= window.taps:
        assert list(found) == expected


@given(kernels(), kernels(), st.integers(1, 4), st.integers(1, 4))
def test_lists_are_the_distinct_patterns_of_taps_into_a_tile(
    rows: tuple[Axis, int], columns: tuple[Axis, int], row_parts: int, column_parts: int
) -> None:
    """Pixel by pixel of the source, in two dimensions at once."""
    (down, height), (across, width) = rows, columns
    expected = []
    ends = [sorted({s[0], s[len(s) // 2], s[-1]}) for s in (spans(height, row_parts), spans(width, column_parts))]
    for row, column in product(*ends):
        patterns = {
            frozenset(product(taps_into(down, y, row), taps_into(across, x, column))): (
                len(taps_into(down, y, row)), len(taps_into(across, x, column)),
            )
            for y, x in product(range(down.source), range(across.source))
        }  # fmt: skip
        expected.append(Counter(y * x for y, x in patterns.values() if y * x))
    found = lists(down, across, height, width, (row_parts, column_parts))
    assert [Counter(dict(tile)) for tile in found] == expected


def test_without_a_kernel_a_tile_sees_its_own_coordinates_or_all() -> None:
    same, whole = Axis(7, "identity"), Axis(7, "all")
    assert largest_reach(same, 7, 3) == 3 and largest_reach(whole, 4, 2) == 7
    assert overlaps(same, 2, 7, 3) == (4, 3) and overlaps(whole, 2, 4, 2) == (8, 6)


@pytest.mark.parametrize(("shape", "expected"), [((2, 3, 4), (2, 3, 4)), ((9,), (1, 1, 9))])
def test_a_vector_is_one_position_for_each_neuron(shape: tuple[int, ...], expected: tuple[int, int, int]) -> None:
    assert volume(shape) == expected


def test_windows_are_those_of_the_synapse() -> None:
    weight = np.zeros((4, 2, 3, 5))
    conv = Conv2d(name="c", shape=(4, 1, 1), weight=weight, stride=(2, 1), padding=(1, 0), dilation=(1, 2))
    rows, columns = windows(conv, (2, 9, 8))
    assert rows == Axis(9, "kernel", 3, 2, 1, 1) and columns == Axis(8, "kernel", 5, 1, 0, 2)
    dense = Linear(name="l", shape=(3,), weight=np.zeros((3, 9)))
    assert [w.kind for w in windows(dense, (1, 1, 9))] == ["all", "all"]
    assert [w.kind for w in windows(None, (2, 4, 4))] == ["identity", "identity"]
