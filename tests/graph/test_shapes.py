"""The size of what a window gives is the number of places where it fits, as torch counts them."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from snnhw.graph.shapes import Pair, Window

PAIRS = st.tuples(st.integers(1, 4), st.integers(1, 4))


@given(st.tuples(st.integers(1, 12), st.integers(1, 12)), PAIRS, PAIRS, st.tuples(*[st.integers(0, 3)] * 2), PAIRS)
def test_a_window_fits_as_often_as_counting_its_places_says(
    size: Pair, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair
) -> None:
    window = Window(size, kernel, stride, padding, dilation)
    for n, k, s, p, d, out in zip(size, kernel, stride, padding, dilation, window.out, strict=True):
        places = [start for start in range(-p, n + p, s) if start + d * (k - 1) < n + p]
        assert max(out, 0) == len(places)
    if min(window.out) >= 1:
        sent = torch.nn.functional.conv2d(
            torch.zeros(1, 1, *size), torch.zeros(1, 1, *kernel), None, stride, padding, dilation
        )
        assert tuple(sent.shape[2:]) == window.out
