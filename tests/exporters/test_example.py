"""Samples of an exported folder: those that are given, or noise that is never clipped."""

from __future__ import annotations

import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.exporters.example import EXAMPLES, example_frames
from tests.exporters.c.test_c import counted
from tests.exporters.lava.nets import residual


def test_noise_fills_the_range_of_the_input():
    _, graph = residual()
    frames = example_frames(graph, None)
    assert frames.shape == (EXAMPLES, 1, *graph.input.shape)
    assert np.abs(graph.input.rounded(frames)).max() in range(110, 128)
    graph, _ = counted()
    assert set(np.unique(example_frames(graph, None, 2))) == {0, 1, 2, 3}


def test_the_first_of_the_samples_are_taken():
    net, graph = residual()
    x = net.inputs(5, frames=True)
    assert np.array_equal(example_frames(graph, x, 2), x[:2])
    with pytest.raises(InputError, match="do not fit"):
        example_frames(graph, np.zeros((1, 9, 9)))
