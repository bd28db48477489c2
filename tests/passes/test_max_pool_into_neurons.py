"""Neurons that compute a max pool send what torch's own pool gives of the same spikes, in floats and in integers."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from snnhw.checks.check import check
from snnhw.exporters.lava.run import RunOptions, run_lava
from snnhw.graph.ir import LIF, MLF, Conv2d, Delay, Edge, Flatten, Graph, Input, Linear, MaxPool, Pool, Readout, Wires
from snnhw.passes import LOIHI_CHANNELS, compile_channels, run_passes
from snnhw.passes.balance_delays import depths
from snnhw.passes.max_pool_into_neurons import is_pool_of_spikes, max_pool_into_neurons
from snnhw.quantisation.compile import compile_loihi
from snnhw.rules.ways import INTEGERS, refusals
from snnhw.simulation.engine import simulate
from tests.exporters.lava.oracle import assert_as_oracle
from tests.passes.runs import run

SOURCES = ("binary", "nested", "unnested", "sum", "twice", "channels", "events", "summed")


@dataclasses.dataclass(frozen=True)
class Drawn:
    graph: Graph
    inputs: np.ndarray
    gain: int  # of what leads to the pool, which leads away from its neurons


def network(source="nested", behind="conv", window=None, seed=0, timesteps=4):
    """Input, neurons, a max pool of what they send, and a layer behind it; with samples."""
    rng = np.random.default_rng(seed)
    image, units = (3, 7, 6), ["first"]
    levels = {"binary": 1, "events": 3}.get(source)
    nodes = [
        Input(name="input", shape=(2, 7, 6), levels=2 if source == "events" else None),
        Conv2d(name="stem", shape=image, weight=rng.normal(size=(3, 2, 3, 3)) / 2, padding=(1, 1)),
    ]
    edges = [Edge("input", "stem")]
    thresholds = tuple((0.4 if source == "unnested" else 0.3) * 2**k for k in range(levels or 3))
    decay = 0.9 if source == "unnested" else 0.25
    for k, unit in enumerate(["first", "second"] if source == "sum" else units):
        if source == "channels":
            nodes += [
                LIF(name=f"own{i}", shape=image, decay=decay, threshold=theta, unit=unit, level=i + 1)
                for i, theta in enumerate(thresholds)
            ]
            edges += [Edge("stem", f"own{i}") for i in range(3)]
            units = ["own0", "own1", "own2"]
        else:
            nodes.append(MLF(name=unit, shape=image, thresholds=tuple(t + k for t in thresholds), decay=decay))
            edges.append(Edge("stem", unit))
            units = ["first", "second"] if source == "sum" else units
    if source == "summed":
        nodes.append(Pool(name="four", shape=(3, 3, 3), kind="sum", kernel=(2, 2), stride=(2, 2)))
        edges.append(Edge("first", "four"))
        units = ["four"]
    if source == "events":
        units = ["input"]
    taken = next(n for n in nodes if n.name == units[0]).shape
    window = window or {"kernel": (2, 2), "stride": (2, 2)}
    pool = MaxPool(name="pool", shape=(0,), **window)
    sent = pool.sent_shape(taken)
    if sent is None:
        raise ValueError("the window fits nowhere")
    pool = dataclasses.replace(pool, shape=sent)
    edges += [Edge(u, "pool", 2 if source == "twice" or u == "second" else 1) for u in units]
    nodes.append(pool)
    if behind == "conv":
        nodes += [
            Conv2d(name="conv", shape=(4, *pool.shape[1:]), weight=rng.normal(size=(4, pool.shape[0], 1, 1))),
            LIF(name="last", shape=(4, *pool.shape[1:]), decay=0.5, threshold=0.5),
        ]
        edges += [Edge("pool", "conv"), Edge("conv", "last")]
    elif behind == "neuron":
        nodes.append(LIF(name="last", shape=pool.shape, decay=0.5, threshold=1.2))
        edges.append(Edge("pool", "last"))
    else:
        again = MaxPool(name="last", shape=pool.shape, kernel=(3, 3), stride=(1, 1), padding=(1, 1))
        nodes.append(again)
        edges.append(Edge("pool", "last"))
    last = nodes[-1]
    nodes += [
        Flatten(name="flat", shape=(last.size,)),
        Linear(name="head", shape=(3,), weight=rng.normal(size=(3, last.size)), bias=rng.normal(size=3)),
        Readout(name="readout", shape=(3,)),
    ]
    edges += [Edge("last", "flat"), Edge("flat", "head"), Edge("head", "readout")]
    shape = (3, timesteps, 2, 7, 6)
    inputs = rng.integers(0, 3, shape) if source == "events" else rng.normal(size=shape)
    return Drawn(Graph.build(nodes, edges, timesteps), inputs, 2 if source == "twice" else 1)


@st.composite
def networks(draw):
    kernel = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    window = {
        "kernel": kernel,
        "stride": draw(st.tuples(st.integers(1, 3), st.integers(1, 3))),
        "padding": tuple(draw(st.integers(0, k // 2)) for k in kernel),
        "dilation": draw(st.tuples(st.integers(1, 2), st.integers(1, 2))),
    }
    behind = draw(st.sampled_from(["conv", "neuron", "pool"]))
    try:
        return network(draw(st.sampled_from(SOURCES)), behind, window, draw(st.integers(0, 2**31)))
    except ValueError:
        reject()


def largest(graph, record, inputs, pool):
    """torch's max pool of what the sources of `pool` send, [N, T, C, H, W]."""
    total = 0
    for edge in graph.into(pool.name):
        node, unit = graph.nodes[edge.source], getattr(graph.nodes[edge.source], "unit_name", edge.source)
        level = getattr(node, "level", None)
        if isinstance(node, Input):
            sent = inputs
        elif isinstance(node, Pool):
            sent = record.raster["first"].sum(axis=2)
            sent = 4 * F.avg_pool2d(torch.as_tensor(sent.reshape(-1, *sent.shape[2:]), dtype=torch.float64), 2)
            sent = sent.reshape(*record.raster["first"].shape[:2], *node.shape).numpy()
        elif isinstance(node, MaxPool):
            sent = largest(graph, record, inputs, node)  # with its gain
        else:
            sent = record.raster[unit].sum(axis=2) if level is None else record.raster[unit][:, :, level - 1]
        total = total + edge.gain * np.asarray(sent, dtype=np.float64)
    flat = torch.as_tensor(total.reshape(-1, *total.shape[2:]))
    y = F.max_pool2d(flat, pool.kernel, pool.stride, pool.padding, pool.dilation)
    return y.reshape(*total.shape[:2], *pool.shape).numpy()


def sent_by(graph, record, pool):
    """The sum of what the neurons that compute `pool` send."""
    neurons = [n for n in graph.of_type(LIF) if n.pool == pool and not n.unit]
    assert neurons
    return sum(record.raster[n.name][:, :, 0].astype(int) for n in neurons)


@settings(max_examples=60)
@given(networks())
def test_neurons_send_what_torchs_pool_gives(drawn):
    graph, x = drawn.graph, drawn.inputs
    assume(all(is_pool_of_spikes(graph, pool) for pool in graph.of_type(MaxPool)))
    made = max_pool_into_neurons(graph)
    assert not made.of_type(MaxPool)
    before, after = run(graph, x), run(made, x)
    for pool in graph.of_type(MaxPool):
        sent = drawn.gain * sent_by(made, after, pool.name)
        assert np.array_equal(sent, largest(graph, before, x, pool)), pool.name
    for unit in graph.units():
        assert np.array_equal(before.raster[unit], after.raster[unit])
    np.testing.assert_allclose(before.logits, after.logits, rtol=0, atol=1e-9)
    compiled = run(run_passes(graph, LOIHI_CHANNELS), x)
    np.testing.assert_allclose(before.logits, compiled.logits, rtol=0, atol=1e-9)


@settings(max_examples=25)
@given(networks())
def test_integers_pool_their_own_spikes_and_follow_lavas_recurrence(drawn):
    graph, x = drawn.graph, drawn.inputs
    assume(not refusals(graph, INTEGERS))
    channels, integers = compile_channels(graph), compile_loihi(graph, x).graph
    record = run(integers, x)
    for pool in graph.of_type(MaxPool):
        sent = drawn.gain * sent_by(channels, record, pool.name)
        assert np.array_equal(sent, largest(graph, record, x, pool)), pool.name
    assert_as_oracle(record, integers, x)


@pytest.mark.lava
@pytest.mark.slow
@settings(max_examples=3)
@given(networks())
def test_lava_sends_the_same_spikes_in_every_population(drawn):
    graph, x = drawn.graph, drawn.inputs[:2]
    assume(not refusals(graph, INTEGERS))
    integers = compile_loihi(graph, drawn.inputs).graph
    ours, lavas = simulate(integers, x, raster=True), run_lava(integers, x, RunOptions(raster=True))
    assert ours.raster.keys() == lavas.raster.keys()
    for unit in ours.raster:
        assert np.array_equal(ours.raster[unit], lavas.raster[unit]), unit
    assert np.array_equal(ours.logits, lavas.logits)


@pytest.mark.parametrize("source, units", [("binary", 1), ("nested", 3), ("channels", 3), ("twice", 3)])
def test_a_level_is_one_population_one_synapse_deeper(source, units):
    made = compile_channels(network(source).graph)
    neurons = [n for n in made.of_type(LIF) if n.pool]
    assert len(neurons) == units and {n.name for n in neurons} == (
        {"pool"} if units == 1 else {"pool_l1", "pool_l2", "pool_l3"}
    )
    depth = depths(made)
    before = min(depth[n.name] for n in made.of_type(LIF) if n.unit_name == "first")
    assert {depth[n.name] for n in neurons} == {before + 1}
    assert all(n.decay == 0 and n.threshold == 0.5 for n in neurons)


@pytest.mark.parametrize("source", ["unnested", "sum"])
def test_other_sums_are_compared_with_each_level_first(source):
    graph = network(source).graph
    made = max_pool_into_neurons(graph)
    levels = graph.signal("pool").levels
    unit = made.units()["pool_sum"]
    assert [n.threshold for n in unit] == [k + 0.5 for k in range(levels)]
    assert len([n for n in made.of_type(LIF) if n.pool == "pool"]) == 2 * levels


def test_a_pool_of_a_pool_needs_no_comparison():
    made = max_pool_into_neurons(network("sum", "pool").graph)
    assert "last_sum" not in made.units() and "last_l2" in made.units()


def test_two_pools_of_one_unit_share_its_channels():
    drawn = network("nested", "neuron")
    other = dataclasses.replace(drawn.graph.nodes["pool"], name="other")
    edges = (*drawn.graph.edges, Edge("first", "other"), Edge("other", "last"))
    graph = drawn.graph.replace(nodes=[*drawn.graph.nodes.values(), other], edges=edges)
    made = max_pool_into_neurons(graph)
    assert {"pool_l3", "other_l3"} <= set(made.units()) and not {"pool_sum", "other_sum"} & set(made.units())
    assert np.array_equal(run(graph, drawn.inputs).logits, run(made, drawn.inputs).logits)


def test_wires_before_a_pool_go_into_its_window():
    drawn = network("binary")
    pool = drawn.graph.nodes["pool"]
    source = np.pad(np.arange(126).reshape(3, 7, 6), ((0, 0), (1, 1), (1, 1)), constant_values=-1)
    wires = Wires(name="border", shape=(3, 9, 8), taken=(3, 7, 6), source=source)
    wider = dataclasses.replace(pool, shape=(3, 4, 4))
    nodes = [n for n in drawn.graph.nodes.values() if n.name in ("input", "stem", "first")]
    rng = np.random.default_rng(0)
    nodes += [wires, wider, Linear(name="head", shape=(3,), weight=rng.normal(size=(3, 48))),
              Readout(name="readout", shape=(3,))]  # fmt: skip
    names = ["input", "stem", "first", "border", "pool", "head", "readout"]
    graph = Graph.build(nodes, list(pairwise(names)), 4)
    made = compile_channels(graph)
    assert not made.of_type(Wires) and made.nodes["pool_window"].padding == (1, 1)
    np.testing.assert_allclose(run(graph, drawn.inputs).logits, run(made, drawn.inputs).logits, rtol=0, atol=1e-9)


def test_a_pool_in_a_loop_sees_the_spikes_of_the_step_before():
    rng = np.random.default_rng(3)
    nodes = [
        Input(name="input", shape=(2, 4, 4)),
        Conv2d(name="conv", shape=(2, 4, 4), weight=rng.normal(size=(2, 2, 3, 3)), padding=(1, 1)),
        LIF(name="unit", shape=(2, 4, 4), decay=0.5, threshold=0.5),
        MaxPool(name="pool", shape=(2, 4, 4), kernel=(3, 3), stride=(1, 1), padding=(1, 1)),
        Delay(name="late", shape=(2, 4, 4), steps=1),
        Conv2d(name="again", shape=(2, 4, 4), weight=rng.normal(size=(2, 2, 1, 1)) / 2),
        Linear(name="head", shape=(3,), weight=rng.normal(size=(3, 32))),
        Readout(name="readout", shape=(3,)),
    ]
    edges = [("input", "conv"), ("conv", "unit"), ("unit", "pool"), ("pool", "late"), ("late", "again"),
             ("again", "unit"), ("unit", "head"), ("head", "readout")]  # fmt: skip
    graph = Graph.build(nodes, edges, 5)
    x = rng.normal(size=(3, 5, 2, 4, 4))
    before, after = run(graph, x), run(max_pool_into_neurons(graph), x)
    assert np.array_equal(before.raster["pool"], after.raster["pool"]) and before.raster["pool"].any()
    assert np.array_equal(before.raster["unit"], after.raster["unit"])


def test_what_is_no_pool_of_spikes_is_given_back_and_refused_by_name():
    graph = network("binary").graph
    nodes = [n for n in graph.nodes.values() if n.name != "first"]
    edges = [e for e in graph.edges if "first" not in (e.source, e.target)]
    behind = graph.replace(nodes=nodes, edges=(*edges, Edge("stem", "pool")))
    assert max_pool_into_neurons(behind) is behind
    (found,) = [f for f in check(behind, "loihi1") if f.node == "pool" and f.severity == "error"]
    assert "MaxPool of analogue values" in found.message and found.remedy.startswith("put neurons before the pool")
    border = dataclasses.replace(graph.nodes["pool"], kernel=(2, 1), dilation=(9, 1), padding=(8, 0), stride=(1, 2))
    shape = border.sent_shape((3, 7, 6))
    alone = graph.replace(nodes=[dataclasses.replace(border, shape=shape) if n.name == "pool" else n
                                 for n in graph.nodes.values()])  # fmt: skip
    assert not is_pool_of_spikes(alone, alone.nodes["pool"])  # a window between image and border sees neither


def test_check_says_what_the_pool_costs():
    graph = network("nested").graph
    (found,) = [f for f in check(graph, "loihi1") if f.code == "max-pool"]
    assert (found.severity, found.node) == ("info", "pool")
    assert str(sum(n.size for n in compile_channels(graph).of_type(LIF) if n.pool)) in found.message
