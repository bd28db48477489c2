"""Scales go into the weights beside them: the same spikes and logits, and networks that have integers."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.graph.ir import LIF, Conv2d, Delay, Edge, Flatten, Graph, Input, Linear, Pool, Readout, Scale
from snnhw.passes import compile_channels
from snnhw.passes.fold_scale import fold_scale
from snnhw.quantisation.compile import compile_loihi
from snnhw.rules.ways import INTEGERS, refusals
from tests.exporters.lava.oracle import assert_as_oracle
from tests.passes.runs import assert_same, run

PLACES = (
    "layer",
    "grouped",
    "matrix",
    "flat matrix",
    "pool",
    "delay",
    "neuron",
    "behind a layer",
    "read-out",
    "shared",
)
SHAPE = (4, 4, 4)


def network(place="layer", form="number", seed=0, gain=1):
    """Neurons, a scale of a form at a place behind them, neurons behind that, and a read-out; with samples."""
    rng = np.random.default_rng(seed)
    values = {
        "number": 0.7,
        "channels": rng.uniform(0.3, 2, (4, 1, 1)),
        "each": rng.uniform(0.3, 2, SHAPE),
    }[form]
    nodes = [
        Input(name="input", shape=(2, 4, 4)),
        Conv2d(name="stem", shape=SHAPE, weight=rng.normal(size=(4, 2, 3, 3)), padding=(1, 1)),
        LIF(name="first", shape=SHAPE, decay=0.5, threshold=0.4),
    ]
    edges = [Edge("input", "stem"), Edge("stem", "first")]
    before, shape = "first", SHAPE
    if place in ("behind a layer", "read-out"):
        nodes.append(Conv2d(name="layer", shape=SHAPE, weight=rng.normal(size=(4, 4, 1, 1)), bias=rng.normal(size=4)))
        edges.append(Edge("first", "layer"))
        before = "layer"
    if place == "read-out":
        nodes.append(LIF(name="middle", shape=SHAPE, decay=0.5, threshold=0.4))
        nodes.append(Linear(name="fc", shape=(5,), weight=rng.normal(size=(5, 64)), bias=rng.normal(size=5)))
        edges += [Edge("layer", "middle"), Edge("middle", "fc")]
        before, shape = "fc", (5,)
        values = rng.uniform(0.3, 2, 5) if form != "number" else values
    array = values if np.ndim(values) == 0 else np.broadcast_to(values, shape).copy()
    nodes.append(Scale(name="scale", shape=shape, scale=array))
    edges.append(Edge(before, "scale", gain if before == "first" else 1))
    last, out = "scale", SHAPE

    def add(node, *sources):
        nonlocal last
        nodes.append(node)
        edges.extend(Edge(source, node.name) for source in sources or (last,))
        last = node.name

    if place == "pool":
        add(Pool(name="pool", shape=(4, 2, 2), kind="avg", kernel=(2, 2), stride=(2, 2)))
        out = (4, 2, 2)
    if place == "delay":
        add(Delay(name="late", shape=SHAPE, steps=1))
    if place == "flat matrix":
        add(Flatten(name="flat", shape=(64,)))
    if place in ("layer", "pool", "delay", "grouped", "shared"):
        groups = 2 if place == "grouped" else 1
        weight = rng.normal(size=(4, 4 // groups, 3, 3)) / 2
        sources = ("scale", "first") if place == "shared" else ()
        add(Conv2d(name="conv", shape=out, weight=weight, bias=rng.normal(size=4), padding=(1, 1), groups=groups),
            *sources)  # fmt: skip
    if place in ("matrix", "flat matrix"):
        out = (6,)
        add(Linear(name="fc", shape=out, weight=rng.normal(size=(6, 64)) / 3))
    if place != "read-out":
        add(LIF(name="second", shape=out, decay=0.5, threshold=0.6))
        add(Linear(name="head", shape=(5,), weight=rng.normal(size=(5, int(np.prod(out))))))
    add(Readout(name="readout", shape=(5,)))
    return Graph.build(nodes, edges, 4), rng.normal(size=(3, 4, 2, 4, 4))


@settings(max_examples=60)
@given(
    st.sampled_from(PLACES), st.sampled_from(["number", "channels", "each"]), st.integers(0, 2**31), st.integers(1, 2)
)
def test_spikes_and_logits_stay_the_same(place, form, seed, gain):
    graph, x = network(place, form, seed, gain)
    folded = fold_scale(graph)
    within_a_channel = form == "each" and place not in ("matrix", "flat matrix", "read-out")
    assert bool(folded.of_type(Scale)) == within_a_channel
    assert_same(run(graph, x), run(folded, x))
    assert_same(run(graph, x), run(compile_channels(graph), x))
    refused = refusals(graph, INTEGERS)
    assert bool(refused) == within_a_channel
    assert {f.code for f in refused} <= {"no-counterpart", "layer-on-sums"}  # the scale, and the layer behind it


@given(st.sampled_from(PLACES), st.sampled_from(["number", "channels"]), st.integers(0, 2**31))
@settings(max_examples=15)
def test_integers_of_scaled_networks_follow_the_recurrence(place, form, seed):
    graph, x = network(place, form, seed)
    integers = compile_loihi(graph, x).graph
    assert_as_oracle(run(integers, x), integers, x)


def test_a_layer_that_takes_other_things_too_is_split_and_keeps_its_bias_once():
    graph, _ = network("shared")
    folded = fold_scale(graph)
    assert folded.nodes["conv"].bias is not None and folded.nodes["conv_scale"].bias is None
    assert {e.source for e in folded.into("second")} == {"conv", "conv_scale"}


def test_between_spikes_and_neurons_it_is_a_synapse_of_its_own():
    graph, _ = network("neuron", "channels")
    synapse = fold_scale(graph).nodes["scale"]
    assert isinstance(synapse, Conv2d) and synapse.groups == 4
    assert np.array_equal(synapse.weight.ravel(), graph.nodes["scale"].scale[:, 0, 0])
