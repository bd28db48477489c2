"""The networks of the zoo in C: every spike of every population is the engine's. Data are drawn, so none are needed."""

from __future__ import annotations

import numpy as np
import pytest

from snnhw.quantisation.compile import compile_loihi
from snnhw.workflows.load import load_model
from tests.exporters.c.built import spikes_in_c, without_sizes  # noqa: F401 - a fixture

SLOW, VERY_SLOW = [pytest.mark.slow], [pytest.mark.slow, pytest.mark.very_slow]


@pytest.mark.usefixtures("without_sizes")
@pytest.mark.parametrize(
    ("name", "events"),
    [
        pytest.param("digits", False, marks=SLOW),
        pytest.param("digits", True, marks=SLOW),
        *(pytest.param(name, True, marks=VERY_SLOW) for name in ("mnist", "nmnist", "fashion", "cifar10")),
    ],
)
def test_spikes_of_the_engine(name, events, tmp_path):
    graph = load_model(name).graph
    rng = np.random.default_rng(0)
    shape = (2, graph.timesteps, *graph.input.shape)
    x = rng.uniform(0, 1, shape) if graph.input.levels is None else rng.integers(0, graph.input.levels + 1, shape)
    integers = compile_loihi(graph, x).graph
    assert spikes_in_c(integers, x, tmp_path / "net", events=events) > 1000
