"""Networks that end in neurons, and branches of any depth, on SANA-FE: the engine's spikes and logits."""

from __future__ import annotations

import numpy as np
import pytest

from snnhw.exporters.sanafe import record
from snnhw.graph.ir import LIF, Edge, Graph, Input, Linear, Readout
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from tests.quantisation.test_spike_counts import ending_in_neurons, images

pytestmark = pytest.mark.slow


def assert_same(graph: Graph, x: np.ndarray) -> None:
    found, expected = record(graph, x, raster=True), simulate(graph, x, raster=True, execution=DOUBLE)
    for unit, spikes in expected.raster.items():
        assert spikes.any() and np.array_equal(found.raster[unit], spikes), unit
    assert np.allclose(found.logits, expected.logits, rtol=0, atol=0 if graph.is_integer else 1e-4)  # floats in 1/65536


@pytest.mark.parametrize("levels", [1, 2])
@pytest.mark.parametrize("second", [False, True])
def test_counts_of_one_and_of_two_populations(levels: int, second: bool) -> None:
    graph, x = ending_in_neurons(11, levels=levels, second=second), images(11, 2)
    assert_same(compile_loihi(graph, x).graph, x)


def test_a_branch_that_is_short_in_front_of_neurons_and_of_the_read_out() -> None:
    """The short layer stands before the deep one in the order of the graph."""
    rng = np.random.default_rng(4)
    sizes = {"first": (5, 4), "short": (6, 5), "deep": (5, 5), "deeper": (6, 5), "early": (3, 5), "out": (3, 6)}
    layers = [Linear(name=n, shape=(s[0],), weight=rng.normal(size=s)) for n, s in sizes.items()]
    units = [LIF(name=n, shape=(s,), decay=0.9, threshold=0.4) for n, s in (("a", 5), ("b", 5), ("end", 6))]
    nodes = [Input(name="input", shape=(4,)), *layers, *units, Readout(name="readout", shape=(3,))]
    edges = ["input first", "first a", "a short", "a deep", "deep b", "b deeper", "short end", "deeper end"]
    pairs = [Edge(*e.split()) for e in (*edges, "end out", "a early", "early readout", "out readout")]
    assert_same(Graph.build(nodes, pairs, 6), rng.normal(size=(2, 4)))
