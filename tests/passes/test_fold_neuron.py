"""Gains, leaks, reset potentials and biases of currents: the same spikes from plain neurons."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.graph.ir import LI, LIF, Conv2d, Flatten, Graph, Input, Linear, LoihiLIF, Node, Readout
from snnhw.passes import compile_channels
from snnhw.passes.fold_neuron import fold_neuron
from snnhw.quantisation.compile import compile_loihi
from snnhw.quantisation.dequantise import dequantise
from snnhw.rules.ways import INTEGERS, LAVA, SANAFE, refusals
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from tests.exporters.lava.oracle import assert_as_oracle
from tests.passes.runs import run


def own_values_net(seed=0, *, current=False, per_channel=True, levels=1, timesteps=6, decay=0.8, **changes):
    """Convolution and matrix, each before neurons with a gain, a leak and a reset potential of their own; and samples.

    `current`: both have a current of one, too, with a gain and a leak.
    """
    rng = np.random.default_rng(seed)
    shape, hidden = (3, 4, 5), 6

    def value(low, high, of):
        drawn = rng.uniform(low, high, (of[0],) + (1,) * (len(of) - 1)) if per_channel else rng.uniform(low, high)
        return np.broadcast_to(drawn, of).copy() if per_channel else float(drawn)

    def neurons(name, of, count):
        one = {"gain": value(0.4, 2, of), "leak": value(-0.05, 0.05, of), "v_reset": value(-0.3, 0.2, of)} | changes
        return [LIF(name=f"{name}_l{k + 1}", shape=of, decay=decay, threshold=0.5 + 0.8 * k, unit=name, level=k + 1,
                    **one) for k in range(count)]  # fmt: skip

    def with_current(name, of):
        if not current:
            return []
        return [
            LI(
                name=f"{name}_current",
                shape=of,
                decay=0.5,
                gain=value(0.4, 1.2, of),
                leak=value(-0.05, 0.05, of),
                current_of=name,
            )
        ]

    chains: list[list[Node]] = [
        [Input(name="input", shape=(2, 4, 5))],
        [Conv2d(name="conv", shape=shape, weight=rng.normal(size=(3, 2, 3, 3)) / 3, padding=(1, 1),
                bias=0.2 * rng.normal(size=3))],
        with_current("first", shape),
        neurons("first", shape, levels),
        [Flatten(name="flat", shape=(60,))],
        [Linear(name="fc", shape=(hidden,), weight=rng.normal(size=(hidden, 60)) / 4, bias=0.2 * rng.normal(size=6))],
        with_current("second", (hidden,)),
        neurons("second", (hidden,), 1),
        [Linear(name="head", shape=(3,), weight=rng.normal(size=(3, hidden)), bias=rng.normal(size=3))],
        [Readout(name="readout", shape=(3,))],
    ]  # fmt: skip
    chains = [c for c in chains if c]
    edges = [(a.name, b.name) for before, after in pairwise(chains) for a in before for b in after]
    graph = Graph.build([n for c in chains for n in c], edges, timesteps)
    return graph, rng.normal(size=(4, timesteps, 2, 4, 5))


NETS = {
    "seed": st.integers(0, 2**31),
    "current": st.booleans(),
    "per_channel": st.booleans(),
    "levels": st.integers(1, 2),
    "decay": st.sampled_from([0.0, 0.3, 0.8, 1.0]),
}


def same_spikes(a, b):
    assert all(np.array_equal(a.raster[unit], b.raster[unit]) for unit in a.raster)
    np.testing.assert_allclose(a.logits, b.logits, atol=1e-9)


@settings(max_examples=30)
@given(**NETS)
def test_plain_neurons_send_the_same_spikes(**net):
    graph, x = own_values_net(**net)
    folded = fold_neuron(graph)
    for node in folded.of_type(LIF):
        assert node.resets_to_zero and node.has_unit_gain
        assert net["current"] or not np.any(node.leak) or np.any(np.asarray(graph.nodes[node.name].v_reset))
    same_spikes(run(graph, x), run(folded, x))
    same_spikes(run(graph, x), run(compile_channels(graph), x))


@settings(max_examples=15)
@given(**NETS)
def test_integers_are_lavas_recurrence_from_those_states(**net):
    graph, x = own_values_net(**net)
    found = refusals(graph, INTEGERS)
    assert found == refusals(graph, LAVA) == []
    integers = compile_loihi(graph, x).graph
    assert_as_oracle(run(integers, x), integers, x)


@pytest.mark.parametrize("current", [False, True])
def test_integers_follow_the_floats(current):
    graph, x = own_values_net(3, current=current, levels=2)
    channels, quantised = compile_channels(graph), compile_loihi(graph, x)
    floats, integers = (simulate(g, x, raster=True) for g in (graph, quantised.graph))
    assert any(np.any(n.start) for n in quantised.graph.of_type(LoihiLIF))
    assert any(np.any(n.current_start) for n in quantised.graph.of_type(LoihiLIF)) == current
    back = simulate(dequantise(channels, quantised), quantised.graph.input.coded(x) / quantised.graph.input.scale,
                    raster=True, execution=DOUBLE)  # fmt: skip
    for unit, spikes in floats.raster.items():
        assert 0.05 < spikes.mean() < 0.95 and (spikes != integers.raster[unit]).mean() < 0.06, unit
        assert (back.raster[unit] != integers.raster[unit]).mean() < 0.01, unit


def test_a_reset_potential_by_hand():
    """u = 0.5 u + x from 0, theta 1, reset to -1: w = u + 1 starts at 1, theta 2, and leaks 0.5 more."""
    node = LIF(name="unit", shape=(1,), threshold=1.0, decay=0.5, v_reset=-1.0)
    nodes = [Input(name="input", shape=(1,)), Linear(name="fc", shape=(1,), weight=np.ones((1, 1))), node,
             Readout(name="readout", shape=(1,))]  # fmt: skip
    folded = fold_neuron(Graph.build(nodes, [(a.name, b.name) for a, b in pairwise(nodes)], 3))
    unit, fc = folded.nodes["unit"], folded.nodes["fc"]
    assert isinstance(unit, LIF) and isinstance(fc, Linear)
    assert (unit.start, unit.threshold, unit.v_reset, unit.leak, list(fc.bias)) == (1.0, 2.0, 0.0, 0.0, [0.5])


def test_the_bias_of_a_current_by_hand():
    """i = 0.5 i + x + 1 settles at 2: j = i - 2 starts at -2, and the membrane takes 2 in every step."""
    graph, _ = own_values_net(current=True, per_channel=False, gain=1.0, leak=0.0, v_reset=0.0)
    one = [dataclasses.replace(n, gain=1.0, leak=0.0) if isinstance(n, LI) else n for n in graph.nodes.values()]
    one = [dataclasses.replace(n, bias=np.ones(3)) if n.name == "conv" else n for n in one]
    folded = fold_neuron(graph.replace(nodes=one))
    conv, current, unit = (folded.nodes[name] for name in ("conv", "first_current", "first_l1"))
    assert conv.bias is None and set(np.unique(current.start)) == {-2.0} and set(np.unique(unit.leak)) == {2.0}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"gain": np.linspace(1, 2, 60).reshape(3, 4, 5)}, "gain"),
        ({"v_reset": 0.9}, "negative-threshold"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(changes, code):
    graph, _ = own_values_net(levels=1)
    nodes = [dataclasses.replace(n, **changes) if n.name == "first_l1" else n for n in graph.nodes.values()]
    assert (code, "first_l1") in {(f.code, f.node) for f in refusals(graph.replace(nodes=nodes), INTEGERS)}


def test_a_reset_by_subtraction_stays_and_its_gain_and_leak_go():
    graph, _ = own_values_net(levels=1, reset="subtract", v_reset=0.2)
    first = fold_neuron(graph).nodes["first_l1"]
    assert (first.reset, first.v_reset, first.gain, first.leak) == ("subtract", 0.2, 1.0, 0.0)
    assert refusals(graph, INTEGERS) == []


def test_a_current_that_keeps_everything_sums_its_bias_for_ever():
    graph, _ = own_values_net(current=True)
    kept = [dataclasses.replace(n, decay=1.0, leak=0.0) if isinstance(n, LI) else n for n in graph.nodes.values()]
    assert {f.code for f in refusals(graph.replace(nodes=kept), INTEGERS)} == {"current-bias"}


def test_sanafe_starts_from_rest():
    assert {f.code for f in refusals(own_values_net()[0], SANAFE)} == {"start"}
    assert refusals(own_values_net(v_reset=0.0)[0], SANAFE) == []


def test_a_current_that_something_else_reads_keeps_its_bias_and_gain():
    """Its values are those of the network; moved into the neuron alone they would be missing for the other reader."""
    shape = (3,)
    rng = np.random.default_rng(0)
    nodes = [
        Input(name="input", shape=(4,)),
        Linear(name="fc", shape=shape, weight=rng.normal(size=(3, 4)), bias=rng.normal(size=3)),
        LI(name="current", shape=shape, decay=0.8, gain=1.5, current_of="unit"),
        LIF(name="unit", shape=shape, decay=0.5, threshold=0.4, gain=2.0),
        LI(name="membrane", shape=shape, decay=0.5),
        Readout(name="readout", shape=shape),
    ]
    edges = [("input", "fc"), ("fc", "current"), ("current", "unit"), ("current", "membrane"), ("membrane", "readout")]
    graph = Graph.build(nodes, [*edges, ("unit", "readout")], 5)
    x = rng.normal(size=(3, 5, 4))
    before, after = (simulate(g, x, execution=DOUBLE) for g in (graph, fold_neuron(graph)))
    np.testing.assert_allclose(after.logits, before.logits, rtol=1e-12)
    assert before.units["unit"].levels.sum() > 0


@pytest.mark.parametrize("reset", ["hard", "subtract"])
@pytest.mark.parametrize("gain", [0.5, np.array([0.25, 1.0, 4.0])])
def test_the_gain_of_neurons_that_take_the_input_as_a_current_goes_into_their_thresholds(gain, reset):
    """Powers of two: membranes of u / gain are exact, and so are all spikes; integers are made of them too."""
    rng = np.random.default_rng(0)
    nodes = [
        Input(name="input", shape=(3,)),
        LIF(name="a", shape=(3,), decay=0.5, threshold=1.0, gain=gain, leak=0.125, v_reset=0.25, reset=reset),
        Linear(name="fc", shape=(2,), weight=rng.normal(size=(2, 3))),
        Readout(name="end", shape=(2,)),
    ]
    graph = Graph.build(nodes, list(pairwise(n.name for n in nodes)), 6)
    inputs = rng.normal(0.5, 2, (8, 6, 3))
    folded = compile_channels(graph, input_as="current")
    assert folded.nodes["a"].has_unit_gain
    before, after = run(graph, inputs), run(folded, inputs)
    np.testing.assert_array_equal(before.raster["a"], after.raster["a"])
    assert before.raster["a"].any() and not before.raster["a"].all()
    assert compile_loihi(graph, inputs, input_as="current").graph.is_integer


def test_a_negative_gain_of_a_current_is_refused_with_the_way_in_that_works():
    nodes = [
        Input(name="input", shape=(2,)),
        LIF(name="a", shape=(2,), decay=0.5, threshold=1.0, gain=-1.0),
        Linear(name="fc", shape=(2,), weight=np.eye(2)),
        Readout(name="end", shape=(2,)),
    ]
    graph, inputs = Graph.build(nodes, list(pairwise(n.name for n in nodes)), 2), np.array([[-2.0, 2.0]])
    with pytest.raises(InputError, match="let the input enter as messages, whose weights take it"):
        compile_loihi(graph, inputs, input_as="current")
    assert compile_loihi(graph, inputs).graph.is_integer
