"""A bias in front of a current that lasts keeps its size in integers, whatever the rounding of the decay."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from snnhw.graph.ir import LI, LIF, Graph, Input, Linear, Readout
from snnhw.passes import compile_channels
from snnhw.quantisation.compile import compile_loihi
from snnhw.quantisation.whole_decays import whole_decays
from snnhw.rules.ways import INTEGERS, LAVA, refusals
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from tests.passes.runs import assert_same, run

STEPS = 24


def net(decay: float, bias: float, seed: int = 3) -> Graph:
    rng = np.random.default_rng(seed)
    nodes = [
        Input(name="input", shape=(5,)),
        Linear(name="fc", shape=(6,), weight=rng.normal(size=(6, 5)) / 4, bias=bias * rng.uniform(0.2, 1, 6)),
        LI(name="unit_syn", shape=(6,), decay=decay, current_of="unit"),
        LIF(name="unit", shape=(6,), decay=0.9, threshold=4.0),
        Linear(name="head", shape=(3,), weight=rng.normal(size=(3, 6))),
        Readout(name="readout", shape=(3,)),
    ]
    return Graph.build(nodes, [(a.name, b.name) for a, b in pairwise(nodes)], STEPS)


@pytest.mark.parametrize("decay", [0.98, 0.995, 0.9957])
def test_the_membrane_climbs_by_the_bias(decay):
    """No input arrives: the membrane is the bias summed twice, in integers as by the recurrence written out."""
    graph = net(decay, 0.02)
    graph = graph.replace(nodes=[n if n.name != "unit" else LIF(name="unit", shape=(6,), decay=0.9, threshold=1e3)
                                 for n in graph.nodes.values()])  # fmt: skip
    samples = np.random.default_rng(0).normal(size=(4, STEPS, 5)) / 100
    quantised = compile_loihi(graph, samples)
    record = simulate(quantised.graph, np.zeros((1, STEPS, 5)), membranes=True)
    u, v, bias = np.zeros(6), np.zeros(6), graph.nodes["fc"].bias
    for t in range(STEPS):
        u = decay * u + bias
        v = 0.9 * v + u
        found = record.membranes["unit"][0, t, 0] / (64 * quantised.layers[0].scale)
        assert np.allclose(found, v, rtol=0.03, atol=0.02), t


@pytest.mark.parametrize("decay", [0.98, 0.995])
def test_spikes_follow_the_floats(decay):
    graph, samples = net(decay, 0.1), np.random.default_rng(1).integers(0, 2, (6, STEPS, 5)).astype(float)
    quantised = compile_loihi(graph, samples)
    floats, integers = (simulate(g, samples, raster=True).raster["unit"] for g in (graph, quantised.graph))
    assert floats.mean() > 0.05 and (floats != integers).mean() < 0.03
    assert quantised.layers[0].weight_error < 0.05


def test_the_pass_changes_currents_with_a_bias_alone():
    channels = compile_channels(net(0.995, 0.1))
    whole = whole_decays(channels)
    current = whole.of_type(LI)[0]
    assert current.decay == round(0.995 * 4096) / 4096
    start, leak = np.asarray(current.start), np.asarray(whole.nodes["unit"].leak)
    assert np.allclose(-start * (1 - current.decay), net(0.995, 0.1).nodes["fc"].bias) and np.allclose(leak, -start)
    exact = compile_channels(net(0.75, 0.1))  # a decay of whole 4096ths
    x = np.random.default_rng(0).normal(size=(2, STEPS, 5))
    assert_same(run(whole_decays(exact), x), run(exact, x))
    plain = compile_channels(net(0.995, 0.0))
    assert whole_decays(plain).of_type(LI)[0].decay == 0.995


def test_a_bias_in_front_of_a_very_long_current_is_refused_for_integers_alone():
    graph, samples = net(0.9998, 0.1), np.zeros((1, STEPS, 5))
    assert [(f.code, f.node) for f in refusals(graph, INTEGERS)] == [("current-bias", "unit_syn")]
    assert refusals(graph, LAVA) == [] and refusals(net(0.9998, 0.0), INTEGERS) == []
    assert simulate(graph, samples, execution=DOUBLE).samples == 1
