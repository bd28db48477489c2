"""The emulator's steps: a neuron outside of its steps is silent, and its own arithmetic is Loihi's."""

import itertools

import numpy as np
import pytest

from snnhw.exporters.nengo_loihi.run import run_nengo_loihi
from snnhw.graph.ir import Delay, Edge, Graph, Input, Linear, LoihiLIF, Readout
from snnhw.simulation.engine import simulate


@pytest.mark.nengo
def test_spikes_before_the_first_step_of_a_population_reach_nobody():
    """A bias fires the first population from the start; a delay would bring that into steps that count."""
    unit = {"du": 4095, "dv": 4095, "bias_exp": 0, "shape": (1,)}
    nodes = [
        Input(name="input", shape=(1,), levels=1, bits=2, scale=1.0),
        Linear(name="enter", shape=(1,), weight=np.array([[2]])),
        LoihiLIF(name="first", threshold=1, bias_mant=np.array([100]), **unit),
        Delay(name="late", shape=(1,), steps=2),
        Linear(name="on", shape=(1,), weight=np.array([[4]])),
        LoihiLIF(name="last", threshold=1, bias_mant=np.array([0]), **unit),
        Readout(name="readout", shape=(1,), reduction="sum"),
    ]
    edges = [Edge(a.name, b.name) for a, b in itertools.pairwise(nodes)]
    graph, x = Graph.build(nodes, edges, 5), np.zeros((2, 5, 1))
    ours, theirs = simulate(graph, x, raster=True), run_nengo_loihi(graph, x, raster=True)
    assert ours.raster["first"].ravel().tolist() == [1] * 10
    assert ours.raster["last"][0].ravel().tolist() == [0, 0, 1, 1, 1]
    assert all(np.array_equal(ours.raster[unit], theirs.raster[unit]) for unit in ours.raster)
    assert np.array_equal(ours.logits, theirs.logits)
