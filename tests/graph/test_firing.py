"""Thresholds and resets of frameworks as fields of a LIF: the spikes of each rule written out step by step."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.graph.firing import RESET_KINDS, firing, scalar
from snnhw.graph.ir import LIF, Edge, Graph, Input, Readout
from snnhw.simulation.engine import simulate

STEPS, SIZE = 20, 6


def by_hand(kind, theta, v_reset, decay, at_threshold, x):
    """The rule as its framework states it, in float32."""
    u, fired, out = np.zeros(SIZE, np.float32), np.zeros(SIZE, bool), []
    for step in x:
        u = np.float32(decay) * u + step
        if kind == "subtract-late":
            u = u - np.float32(theta - v_reset) * fired
        fired = u >= np.float32(theta) if at_threshold else u > np.float32(theta)
        if kind == "hard":
            u = np.where(fired, np.float32(v_reset), u)
        if kind == "subtract":
            u = u - np.float32(theta - v_reset) * fired
        out.append(fired)
    return np.array(out)


@pytest.mark.parametrize("kind", RESET_KINDS)
@pytest.mark.parametrize("at_threshold", [False, True])
@given(
    seed=st.integers(0, 10_000),
    theta=st.sampled_from([0.5, 1.0, 1.75]),
    v_reset=st.sampled_from([0.0, 0.25, -0.5]),
    decay=st.sampled_from([0.5, 0.25, 1.0]),
)
def test_the_lif_fires_as_the_rule_says(kind, at_threshold, seed, theta, v_reset, decay):
    # multiples of 1/8, so that sums are exact and membranes meet thresholds
    x = (np.random.default_rng(seed).integers(-8, 16, (STEPS, SIZE)) / 8).astype(np.float32)
    fields = firing("n", kind, np.array(theta), np.array(v_reset), decay, fires_at_threshold=at_threshold)
    nodes = [
        Input(name="input", shape=(SIZE,)),
        LIF(name="n", shape=(SIZE,), decay=decay, **fields),
        Readout(name="readout", shape=(SIZE,)),
    ]
    graph = Graph.build(nodes, [Edge("input", "n"), Edge("n", "readout")], STEPS)
    raster = simulate(graph, x[None], raster=True).raster["n"][0, :, 0]
    assert np.array_equal(raster.astype(bool), by_hand(kind, theta, v_reset, decay, at_threshold, x))


def test_a_late_reset_needs_something_that_stays():
    with pytest.raises(InputError, match="keeps nothing of a step"):
        firing("n", "subtract-late", np.ones(()), np.zeros(()), 0.0)


def test_arrays_of_one_value_become_a_number():
    assert scalar(np.full((2, 3), 0.5)) == 0.5
    assert np.array_equal(scalar(np.array([1.0, 2.0])), [1.0, 2.0])
