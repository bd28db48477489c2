"""Current-based neurons in integers: du, its bounds, and the same neurons wherever the integers go."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.checks.check import check
from snnhw.graph.ir import LI, LIF, MLF, Conv2d, Flatten, Graph, Input, Linear, LoihiLIF, Node, Readout
from snnhw.graph.loihi import CURRENT_LIMIT
from snnhw.nir.io import from_nir, to_nir
from snnhw.passes import compile_channels
from snnhw.quantisation.compile import compile_loihi
from snnhw.quantisation.dequantise import dequantise
from snnhw.rules.ways import INTEGERS, LAVA, SANAFE, refusals
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from tests.exporters.lava.oracle import assert_as_oracle
from tests.passes.runs import assert_same, run


def cuba_net(seed=0, *, decay=0.6, levels=2, timesteps=6):
    """Two layers of current-based neurons, images then a row, the first of several levels; and samples."""
    rng = np.random.default_rng(seed)
    shape, hidden = (3, 4, 5), 6
    thresholds = tuple(0.5 + 0.8 * k for k in range(levels))
    nodes: list[Node] = [
        Input(name="input", shape=(2, 4, 5)),
        Conv2d(name="conv", shape=shape, weight=rng.normal(size=(3, 2, 3, 3)) / 4, padding=(1, 1)),
        LI(name="first_current", shape=shape, decay=decay, current_of="first"),
        MLF(name="first", shape=shape, thresholds=thresholds, decay=0.75),
        Flatten(name="flat", shape=(60,)),
        Linear(name="fc", shape=(hidden,), weight=rng.normal(size=(hidden, 60)) / 4),
        LI(name="second_current", shape=(hidden,), decay=decay / 2, current_of="second"),
        LIF(name="second", shape=(hidden,), threshold=0.4, decay=0.9),
        Linear(name="head", shape=(3,), weight=rng.normal(size=(3, hidden)), bias=rng.normal(size=3)),
        Readout(name="readout", shape=(3,)),
    ]
    graph = Graph.build(nodes, [(a.name, b.name) for a, b in pairwise(nodes)], timesteps)
    return graph, rng.normal(size=(4, timesteps, 2, 4, 5))


@settings(max_examples=15)
@given(seed=st.integers(0, 2**31), decay=st.floats(0, 1), levels=st.integers(1, 3))
def test_the_engine_computes_lavas_recurrence(seed, decay, levels):
    """Against the neuron written from the published recurrence, in its integers."""
    graph, x = cuba_net(seed, decay=decay, levels=levels)
    assert refusals(graph, INTEGERS) == refusals(graph, LAVA) == []
    integers = compile_loihi(graph, x).graph
    assert_as_oracle(run(integers, x), integers, x)


@given(decay=st.floats(0, 1))
def test_du_is_the_decay_rounded_to_twelve_bits(decay):
    graph, x = cuba_net(1, decay=decay)
    for neuron in compile_loihi(graph, x).graph.units()["first"]:
        assert isinstance(neuron, LoihiLIF)
        assert abs(neuron.current_kept / 4096 - decay) <= (0.5 if decay < 4095 / 4096 else 1) / 4096


def test_integers_follow_the_floats():
    graph, x = cuba_net(2)
    quantised = compile_loihi(graph, x)
    assert not quantised.graph.of_type(LI)
    floats, integers = (simulate(g, x, raster=True) for g in (compile_channels(graph), quantised.graph))
    for unit, spikes in floats.raster.items():
        assert spikes.mean() > 0.05 and (spikes != integers.raster[unit]).mean() < 0.03, unit
    same = simulate(dequantise(compile_channels(graph), quantised), quantised.graph.input.coded(x)
                    / quantised.graph.input.scale, raster=True, execution=DOUBLE)  # fmt: skip
    assert all((same.raster[u] != integers.raster[u]).mean() < 0.01 for u in same.raster)


@pytest.mark.parametrize("decay", [0.5, 0.99, 1.0])
def test_a_current_that_lasts_cannot_wrap(decay):
    """The largest input in every step, for many steps: the current stays below the bound, and that below 2^17."""
    graph, x = cuba_net(3, decay=decay, timesteps=60)
    quantised = compile_loihi(graph, 0.01 * x)
    layer = quantised.layers[0]
    weight = quantised.graph.nodes["conv"].weight.astype(np.int64)
    kept, u, largest = quantised.graph.units()["first"][0].current_kept, 0, 0
    arriving = int(np.abs(weight).sum(axis=(1, 2, 3)).max()) * 2 ** (quantised.graph.input.bits - 1)
    for _ in range(60):
        u = u * kept // 4096 + 64 * arriving
        largest = max(largest, u)
    assert largest / 64 <= layer.current_bound < CURRENT_LIMIT
    assert not [f for f in check(quantised.graph, "loihi2") if f.code == "current-may-wrap"]


def test_nir_holds_the_current_and_gives_the_integers_back():
    graph, x = cuba_net(4)
    integers = compile_loihi(graph, x).graph
    written = to_nir(integers)
    assert [type(n).__name__ for n in written.nodes.values()].count("CubaLIF") == 3
    again = from_nir(written)
    assert not again.of_type(LI) and {n.du for n in again.of_type(LoihiLIF)} == {
        n.du for n in integers.of_type(LoihiLIF)
    }
    assert_same(run(integers, x), run(again, x), 0)


def _with(graph, name, **changes):
    nodes = [dataclasses.replace(n, **changes) if n.name == name else n for n in graph.nodes.values()]
    return graph.replace(nodes=nodes)


@pytest.mark.parametrize(
    "name, changes, code",
    [
        ("first_current", {"gain": np.linspace(1, 2, 60).reshape(3, 4, 5)}, "gain"),
        ("second_current", {"current_of": "other"}, "shared-current"),
        ("second_current", {"current_of": ""}, "no-counterpart"),
    ],
)
def test_what_no_register_holds_is_refused_by_name(name, changes, code):
    graph = _with(cuba_net()[0], name, **changes)
    for way in (INTEGERS, LAVA):
        found = refusals(graph, way)
        assert (code, "first_current" if name == "conv" else name) in {(f.code, f.node) for f in found}


def test_gains_leaks_and_biases_of_levels_and_currents_are_taken_in():
    graph, x = cuba_net()
    graph = _with(_with(graph, "conv", bias=np.ones(3)), "first_current", gain=2.0, leak=0.1)
    assert refusals(graph, INTEGERS) == refusals(graph, LAVA) == []
    assert_same(run(graph, x), run(compile_channels(graph), x))


def test_sanafe_has_no_such_current():
    graph, x = cuba_net()
    for given_graph in (graph, compile_loihi(graph, x).graph):
        assert {f.code for f in refusals(given_graph, SANAFE)} == {"no-counterpart"}
