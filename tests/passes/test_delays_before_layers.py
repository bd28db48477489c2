"""Delays of sums move in front of layers without a bias; the same spikes, also around a loop and in integers."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.graph.ir import LIF, Delay, Edge, Graph, Input, Linear, Readout
from snnhw.passes import compile_channels
from snnhw.passes.delays_before_layers import delays_before_layers
from snnhw.quantisation.compile import compile_loihi
from snnhw.rules.ways import INTEGERS, refusals
from tests.exporters.lava.oracle import assert_as_oracle
from tests.passes.runs import assert_same, run


def network(seed=0, *, steps=1, loop=True, layers=1, bias=None):
    """Neurons, one or two layers behind them, a delay, and the neurons again or others."""
    rng = np.random.default_rng(seed)

    def layer(name, size, into, bias=None):
        return Linear(name=name, shape=(size,), weight=rng.normal(size=(size, into)), bias=bias)

    nodes = [
        Input(name="input", shape=(4,)),
        layer("stem", 5, 4, rng.normal(size=5)),
        LIF(name="unit", shape=(5,), decay=0.5, threshold=0.4),
        *(layer(f"back{k}", 5, 5, bias) for k in range(layers)),
        Delay(name="late", shape=(5,), steps=steps),
        LIF(name="other", shape=(5,), decay=0.5, threshold=0.4),
        layer("again", 5, 5),
        layer("head", 3, 5),
        Readout(name="readout", shape=(3,)),
    ]
    edges = [Edge("input", "stem"), Edge("stem", "unit"), Edge("unit", "again"), Edge("again", "other")]
    for k in range(layers):
        edges += [Edge("unit", f"back{k}"), Edge(f"back{k}", "late", k + 1)]
    edges += [Edge("late", "unit" if loop else "other"), Edge("other", "head"), Edge("head", "readout")]
    return Graph.build(nodes, edges, 5), rng.normal(size=(3, 5, 4))


@given(seed=st.integers(0, 2**31), steps=st.integers(1, 3), loop=st.booleans(), layers=st.integers(1, 2))
def test_spikes_stay_and_integers_follow_the_recurrence(seed, steps, loop, layers):
    graph, x = network(seed, steps=steps, loop=loop, layers=layers)
    moved = delays_before_layers(graph)
    assert all(not isinstance(moved.nodes[e.source], Linear) for n in moved.of_type(Delay) for e in moved.into(n.name))
    assert len(moved.of_type(Delay)) == layers
    assert_same(run(graph, x), run(moved, x))
    assert_same(run(graph, x), run(compile_channels(graph), x))
    integers = compile_loihi(graph, x).graph
    assert_as_oracle(run(integers, x), integers, x)


@pytest.mark.parametrize("why", ["bias", "shared", "mixed"])
def test_a_delay_that_cannot_move_stays_and_is_refused_by_name(why):
    graph, _ = network(bias=np.ones(5) if why == "bias" else None)
    if why == "shared":
        graph = graph.replace(edges=(*graph.edges, Edge("back0", "other")))
    if why == "mixed":
        mixed = dataclasses.replace(graph.nodes["late"], steps=np.arange(5) % 2 + 1)
        graph = graph.replace(nodes=[mixed if n.name == "late" else n for n in graph.nodes.values()])
    assert delays_before_layers(graph) is graph
    assert ("mixed-delay" if why == "mixed" else "delay", "late") in [
        (f.code, f.node) for f in refusals(graph, INTEGERS)
    ]
