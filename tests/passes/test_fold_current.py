"""A current-based neuron whose current lasts one step is a LIF, in every value and on every target."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.graph.ir import LI, LIF, Edge, Graph, Input, Linear, Readout
from snnhw.passes import LOIHI_CHANNELS, LOIHI_CURRENT, LOIHI_GRADED, TIME_SLOTS, run_passes
from snnhw.passes.fold_current import fold_current, keeps_nothing
from tests.passes.runs import assert_same, run


def cuba(seed: int, **current: object) -> Graph:
    """Linear and spikes of a first layer into a current, which drives two neurons, one of them twice as much."""
    rng = np.random.default_rng(seed)
    nodes = [
        Input(name="x", shape=(3,)),
        Linear(name="one", shape=(4,), weight=rng.normal(size=(4, 3)) * 2),
        LIF(name="a", shape=(4,), decay=0.5, threshold=1.0),
        Linear(name="two", shape=(4,), weight=rng.normal(size=(4, 4)) * 2),
        LI(name="current", shape=(4,), **{"decay": 0.0, "current_of": "b", **current}),
        LIF(name="b", shape=(4,), decay=0.25, threshold=0.5),
        Linear(name="fc", shape=(2,), weight=rng.normal(size=(2, 4))),
        Readout(name="readout", shape=(2,)),
    ]
    edges = [Edge(a.name, b.name) for a, b in pairwise(nodes)]
    second = LIF(name="c", shape=(4,), decay=0.5, threshold=1.0)
    more = [Edge("a", "current", 3), Edge("current", "c", 2), Edge("c", "fc")]
    return Graph.build([*nodes, second], [*edges, *more], timesteps=4)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_no_value_changes_and_the_gains_multiply(seed: int) -> None:
    graph, inputs = cuba(seed), np.random.default_rng(seed).normal(size=(3, 3)) * 2
    folded = fold_current(graph)
    assert "current" not in folded.nodes
    into_c = {(e.source, e.gain) for e in folded.into("c")}
    assert into_c == {("two", 2), ("a", 6)}
    assert_same(run(graph, inputs), run(folded, inputs))
    assert_same(run(graph, inputs), run(run_passes(graph, LOIHI_CHANNELS), inputs))


@pytest.mark.parametrize("current", [{"decay": 0.5}, {"gain": 2.0}, {"leak": 0.5}, {"decay": np.array([0, 0, 0, 0.5])}])
def test_a_current_that_does_something_stays(current: dict[str, object]) -> None:
    graph = cuba(1, **current)
    assert not keeps_nothing(graph.nodes["current"])
    assert fold_current(graph) is graph


def test_every_pipeline_of_hardware_has_the_pass() -> None:
    assert all(fold_current in pipeline for pipeline in (LOIHI_CHANNELS, LOIHI_CURRENT, LOIHI_GRADED, TIME_SLOTS))
