"""A graph in the time of a chip: step by step as plain loops run it, and later by its depth as the engine runs it."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.analysis.hardware.stepwise import compartment, populations, run_stepwise, synapses_into
from snnhw.errors import InputError
from snnhw.graph.ir import LIF, Conv2d, Edge, Graph, Input, Linear, LoihiLIF, Readout
from snnhw.simulation.engine import simulate
from tests.graph.strategies import SEEDS

STEPS = 9


def chain(*nodes, edges=None) -> Graph:
    return Graph.build(nodes, edges or list(pairwise(n.name for n in nodes)), STEPS)


def integer(name: str, shape: tuple[int, ...], rng, biased: bool) -> LoihiLIF:
    mantissa = rng.integers(-200, 200, shape) * biased
    dv, threshold = int(rng.integers(0, 4097)), int(rng.integers(1, 60))
    return LoihiLIF(name=name, shape=shape, threshold=threshold, du=4095, dv=dv, bias_mant=mantissa, bias_exp=2)


def dense_net(seed: int, events: bool, biased: bool = True) -> Graph:
    """Two layers of integers and a read-out, weights zero here and there."""
    rng = np.random.default_rng(seed)

    def weight(*shape: int) -> np.ndarray:
        return rng.integers(-20, 40, shape) * 2 * (rng.random(shape) < 0.6)

    entering = {"levels": 1} if events else {"scale": 8.0, "bits": 6}
    return chain(
        Input(name="input", shape=(3,), **entering),
        Linear(name="l1", shape=(4,), weight=weight(4, 3)),
        integer("a", (4,), rng, biased),
        Linear(name="l2", shape=(5,), weight=weight(5, 4), bias=rng.integers(-9, 9, 5).astype(float) * biased),
        integer("b", (5,), rng, biased),
        Linear(name="l3", shape=(2,), weight=weight(2, 5)),
        Readout(name="readout", shape=(2,), reduction="sum"),
    )


def plain_loops(graph: Graph, inputs: np.ndarray):
    """(spikes of every population by step, neuron-steps that were updated), one neuron after the other."""
    nodes, events = graph.nodes, graph.input.levels is not None
    synapses = {"a": "l1", "b": "l2", "readout": "l3"}
    sources = {"a": "input", "b": "a", "readout": "b"}
    bias, v = {}, {name: [0.0] * nodes[name].size for name in synapses}
    for name, synapse in synapses.items():
        own = nodes[synapse].bias
        bias[name] = [0.0 if own is None else float(x) for x in (own if own is not None else v[name])]
        if name == "a" and not events:
            image = [max(-32, min(31, round(8 * float(x)))) for x in inputs]
            bias[name] = [
                b + sum(w * x for w, x in zip(row, image, strict=True))
                for b, row in zip(bias[name], nodes["l1"].weight.tolist(), strict=True)
            ]
        if name != "readout":
            bias[name] = [b + int(m) * 4 / 64 for b, m in zip(bias[name], nodes[name].bias_mant, strict=True)]
    before = {"input": [0] * 3, **{name: [0] * nodes[name].size for name in synapses}}
    spikes, updated = {name: [] for name in before}, 0
    for step in range(STEPS):
        now = {"input": [int(x) for x in inputs[step]] if events and step < len(inputs) else [0] * 3}
        for name, synapse in synapses.items():
            now[name] = []
            for i, row in enumerate(nodes[synapse].weight.tolist()):
                sent = before[sources[name]]
                touched = any(w != 0 and s for w, s in zip(row, sent, strict=True))
                updated += v[name][i] != 0 or touched or bias[name][i] != 0
                decay = 1.0 if name == "readout" else 1 - nodes[name].dv / 4096
                kept = math.trunc(64 * decay * v[name][i]) / 64
                u = kept + bias[name][i] + sum(w * s for w, s in zip(row, sent, strict=True))
                fires = name != "readout" and u > nodes[name].threshold
                v[name][i] = 0.0 if fires else u
                now[name].append(int(fires))
        for name, value in now.items():
            spikes[name].append(value)
        before = now
    return spikes, updated


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.booleans())
def test_every_spike_and_every_update_is_that_of_plain_loops(seed: int, events: bool) -> None:
    graph = dense_net(seed, events)
    rng = np.random.default_rng(seed)
    inputs = rng.integers(0, 2, (4, 3)) if events else rng.uniform(-5, 5, 3)
    found = run_stepwise(graph, inputs, STEPS)
    spikes, updated = plain_loops(graph, inputs)
    for name in ("a", "b", "readout"):
        np.testing.assert_array_equal(found.spikes[name], spikes[name])
        assert found.sent(name).tolist() == np.sum(spikes[name], axis=0).tolist()
    assert (found.updated, found.steps) == (updated, STEPS)


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_without_biases_every_layer_does_what_the_engine_does_one_step_later(seed: int) -> None:
    graph = dense_net(seed, events=False, biased=False)
    image = np.random.default_rng(seed).uniform(0, 5, 3)
    found = run_stepwise(graph, image, STEPS)
    record = simulate(graph, image[None], raster=True)
    np.testing.assert_array_equal(found.spikes["a"], record.raster["a"][0, :, 0])
    np.testing.assert_array_equal(found.spikes["b"][1:], record.raster["b"][0, :-1, 0])
    assert not found.spikes["b"][0].any()


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_floats_on_a_fine_grid_do_what_the_engine_does(seed: int) -> None:
    rng = np.random.default_rng(seed)
    graph = chain(
        Input(name="input", shape=(2, 4, 4)),
        Conv2d(name="c1", shape=(3, 4, 4), weight=rng.integers(-16, 17, (3, 2, 3, 3)) / 16, padding=(1, 1)),
        LIF(name="a", shape=(3, 4, 4), decay=0.5, threshold=0.75),
        Conv2d(name="c2", shape=(2, 2, 2), weight=rng.integers(-16, 17, (2, 3, 3, 3)) / 16),
        LIF(name="b", shape=(2, 2, 2), decay=1.0, threshold=1.0),
        Linear(name="fc", shape=(3,), weight=np.ones((3, 8))),
        Readout(name="readout", shape=(3,)),
    )
    image = rng.integers(0, 5, (2, 4, 4)) / 4
    found = run_stepwise(graph, image, 6)
    record = simulate(graph.replace(timesteps=6), image[None], raster=True)
    np.testing.assert_array_equal(found.spikes["a"], record.raster["a"][0, :, 0])
    np.testing.assert_array_equal(found.spikes["b"][1:], record.raster["b"][0, :-1, 0])


def test_synapses_of_weight_zero_that_are_stored_wake_their_neurons() -> None:
    graph = chain(
        Input(name="input", shape=(2,), levels=1),
        Linear(name="l", shape=(3,), weight=np.array([[2, 0], [0, 0], [0, 2]])),
        integer("a", (3,), np.random.default_rng(0), False),
        Readout(name="readout", shape=(3,)),
        edges=[("input", "l"), ("l", "a")],
    )
    one = np.array([[1, 0]])
    assert run_stepwise(graph, one, 2).updated == 1  # the event arrives in the second step, through one synapse
    assert run_stepwise(graph, one, 2, zeros=True).updated == 3


def test_populations_and_their_synapses_are_in_graph_order() -> None:
    graph = dense_net(0, events=True)
    assert populations(graph) == ("a", "b", "readout")
    assert synapses_into(graph, "b") == (graph.nodes["l2"],)
    direct = graph.replace(edges=(*graph.edges, *graph.replace(edges=()).edges))
    assert [s.name for s in synapses_into(direct, "a") if s is not None] == ["l1"]


@pytest.mark.parametrize(
    "neuron",
    [
        LIF(name="n", shape=(3,), decay=0.5, threshold=1.0, reset="subtract"),
        LIF(name="n", shape=(3,), decay=0.5, threshold=1.0, gain=2.0),
        LIF(name="n", shape=(3,), decay=0.5, threshold=1.0, leak=0.5),
        LIF(name="n", shape=(3,), decay=0.5, threshold=1.0, v_reset=-1.0),
        LIF(name="n", shape=(3,), decay=np.array([0.5, 0.25, 0.5]), threshold=1.0),
        LoihiLIF(name="n", shape=(3,), threshold=1, du=4000, dv=0, bias_mant=np.zeros(3, int), bias_exp=0),
    ],
)
def test_neurons_without_a_counterpart_are_refused(neuron: LIF | LoihiLIF) -> None:
    graph = chain(Input(name="input", shape=(3,)), Linear(name="l", shape=(3,), weight=np.eye(3)), neuron)
    with pytest.raises(
        InputError,
        match="Neuron 'n' is no hard-reset LIF with unit gain and one decay; run the graph of compile_channels",
    ):
        compartment(graph, "n", np.zeros(3))


def test_an_image_that_is_a_current_itself_becomes_the_bias() -> None:
    neuron = LIF(name="n", shape=(3,), decay=0.5, threshold=1.0)
    graph = chain(Input(name="input", shape=(3,)), neuron, edges=[("input", "n")])
    image = np.array([0.5, -1.0, 2.0])
    np.testing.assert_array_equal(compartment(graph, "n", image).bias, image)
    assert not compartment(graph, "n", None).bias.any()


def test_only_edges_from_the_input_carry_the_image() -> None:
    """Spikes that arrive without a synapse are no current of the image, whatever its shape; a doubled edge is 2x."""
    graph = chain(
        Input(name="input", shape=(1, 4, 4)),
        Conv2d(name="c1", shape=(3, 2, 2), weight=np.ones((3, 1, 2, 2)), stride=(2, 2)),
        LIF(name="a", shape=(3, 2, 2), decay=0.5, threshold=1.0),
        LIF(name="b", shape=(3, 2, 2), decay=0.5, threshold=0.5),
        edges=[Edge("input", "c1", 2), ("c1", "a"), ("a", "b")],
    )
    image = np.arange(16.0).reshape(1, 4, 4)
    windows = image[0].reshape(2, 2, 2, 2).sum(axis=(1, 3))
    np.testing.assert_array_equal(compartment(graph, "a", image).bias, 2 * np.stack([windows] * 3))
    assert not compartment(graph, "b", image).bias.any()
