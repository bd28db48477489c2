"""Nodes between spikes and synapses: scales, delays, recurrent loops, leaky integrators of current-based neurons."""

from itertools import pairwise

import numpy as np
import pytest

from snnhw.analysis.counting.count import count
from snnhw.analysis.counting.deployments import deployments
from snnhw.analysis.counting.layers import layers
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.hardware.chips import load_chip
from snnhw.analysis.hardware.mapping import map_network
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.graph.ir import LI, LIF, Conv2d, Delay, Graph, Input, Linear, Pool, Readout, Scale
from tests.analysis.nets import random_raster, record_of

RNG = np.random.default_rng(5)


def lif(name, *shape):
    return LIF(name=name, shape=shape, decay=0.5, threshold=1.0)


def counted(nodes, edges, timesteps=3):
    graph = Graph.build(nodes, edges, timesteps)
    raster = random_raster(graph, RNG, samples=2, density=0.4)
    return graph, raster, count(graph, record_of(graph, raster))


def test_current_based_neuron_has_a_state_more():
    """conv -> LI -> LIF is one layer; its synapses are those of the conv."""
    nodes = [
        Input(name="x", shape=(1, 4, 4), levels=1),
        Conv2d(name="conv", shape=(2, 4, 4), weight=np.ones((2, 1, 1, 1))),
        LI(name="current", shape=(2, 4, 4), decay=0.5),
        lif("a", 2, 4, 4),
        Readout(name="readout", shape=(2, 4, 4)),
    ]
    _, raster, counts = counted(nodes, list(pairwise(n.name for n in nodes)))
    (row,) = counts.layers
    assert (row.kind, row.macs, row.synapse_nodes) == ("spiking", 0, ("conv",))
    assert row.unit_synops == 2 * raster["x"].sum()
    assert row.neuron_updates == 2 * 3 * 32 * 2


def test_filtered_spikes_are_analogue_behind_the_filter():
    """LIF -> LI -> Linear: the filter takes one event per spike, the Linear multiplies every step."""
    nodes = [
        Input(name="x", shape=(6,), levels=1),
        Linear(name="one", shape=(4,), weight=np.ones((4, 6))),
        lif("a", 4),
        LI(name="trace", shape=(4,), decay=0.5),
        Linear(name="two", shape=(3,), weight=np.ones((3, 4))),
        Readout(name="readout", shape=(3,)),
    ]
    _, raster, counts = counted(nodes, list(pairwise(n.name for n in nodes)))
    readout = counts.layers[1]
    assert (readout.kind, readout.macs) == ("readout", 2 * 3 * 12)
    assert readout.unit_synops == raster["a"].sum()
    assert readout.neuron_updates == 2 * 3 * (3 + 4)


def test_recurrent_spikes_are_counted_through_the_delay():
    nodes = [
        Input(name="x", shape=(6,), levels=1),
        Linear(name="one", shape=(4,), weight=np.ones((4, 6))),
        lif("a", 4),
        Delay(name="later", shape=(4,), steps=1),
        Linear(name="back", shape=(4,), weight=np.ones((4, 4)) - np.eye(4)),
        Linear(name="two", shape=(3,), weight=np.ones((3, 4))),
        Readout(name="readout", shape=(3,)),
    ]
    edges = [
        ("x", "one"),
        ("one", "a"),
        ("a", "later"),
        ("later", "back"),
        ("back", "a"),
        ("a", "two"),
        ("two", "readout"),
    ]
    graph, raster, counts = counted(nodes, edges)
    spikes = raster["a"].sum()
    assert {(e.source, e.synapse): e.unit_synops for e in counts.edges} == {
        ("x", "one"): 4 * raster["x"].sum(),
        ("a", "back"): 3 * spikes,
        ("a", "two"): 3 * spikes,
    }
    assert counts.total("macs") == 0
    assert deployments(graph, counts)["channels"].messages == raster["x"].sum() + 2 * spikes


def test_a_scale_is_a_weight_of_each_spike():
    """Where it is zero there is no synapse; in front of a conv it folds into the weights."""
    scale = np.array([1.0, 0.0, 2.0]).reshape(3, 1, 1) * np.ones((3, 4, 4))
    nodes = [
        Input(name="x", shape=(3, 4, 4), levels=1),
        Scale(name="gain", shape=(3, 4, 4), scale=scale),
        Conv2d(name="conv", shape=(2, 4, 4), weight=np.ones((2, 3, 1, 1))),
        Scale(name="after", shape=(2, 4, 4), scale=0.5),
        lif("a", 2, 4, 4),
        Scale(name="straight", shape=(2, 4, 4), scale=0.5),
        lif("b", 2, 4, 4),
        Readout(name="readout", shape=(2, 4, 4)),
    ]
    _, raster, counts = counted(nodes, list(pairwise(n.name for n in nodes)))
    a, b = counts.layers
    assert a.unit_synops == 2 * raster["x"][:, :, :, [0, 2]].sum()
    assert b.unit_synops == raster["a"].sum()
    assert (a.macs, b.macs, a.kind) == (0, 0, "spiking")


def test_spikes_that_meet_analogue_values_are_part_of_their_sum():
    """A skip from the analogue input onto spikes: pool and conv work once, on the sum, and the spikes only travel."""
    nodes = [
        Input(name="x", shape=(2, 4, 4)),
        Conv2d(name="stem", shape=(2, 4, 4), weight=np.ones((2, 2, 1, 1))),
        lif("a", 2, 4, 4),
        Pool(name="pool", shape=(2, 2, 2), kind="avg", kernel=(2, 2), stride=(2, 2)),
        Conv2d(name="body", shape=(2, 2, 2), weight=np.ones((2, 2, 1, 1))),
        lif("b", 2, 2, 2),
        Readout(name="readout", shape=(2, 2, 2)),
    ]
    edges = [
        ("x", "stem"),
        ("stem", "a"),
        ("a", "pool"),
        ("x", "pool"),
        ("pool", "body"),
        ("body", "b"),
        ("b", "readout"),
    ]
    graph, raster, counts = counted(nodes, edges)
    body = counts.layers[1]
    assert (body.kind, body.macs, body.pool_adds) == ("first", 2 * 3 * 16, 2 * 3 * 32)
    assert (body.unit_synops, body.events, body.synapses) == (0, 0, 0)
    assert [(edge.summed, edge.spikes) for edge in body.edges] == [(True, raster["a"].sum())]
    assert [row.pools for row in layers(graph)] == [(), ("pool",)]


def current_based(kind):
    """The same network of a LIF, of a current-based neuron (CubaLIF) or of a leaky sum in front of a LIF."""
    current = [LI(name="current", shape=(4,), decay=0.0, current_of="a" if kind == "current" else "")]
    nodes = [
        Input(name="x", shape=(6,), levels=1),
        Linear(name="one", shape=(4,), weight=np.ones((4, 6))),
        *(current if kind != "plain" else []),
        lif("a", 4),
        Linear(name="two", shape=(3,), weight=np.ones((3, 4))),
        Readout(name="readout", shape=(3,)),
    ]
    graph = Graph.build(nodes, list(pairwise(n.name for n in nodes)), timesteps=3)
    raster = random_raster(graph, np.random.default_rng(8), samples=2, density=0.4)
    return graph, count(graph, record_of(graph, raster))


def test_a_current_based_neuron_is_one_compartment():
    """Loihi's neuron is the current-based LIF: its updates and its energy are those of a LIF, and so is its place."""
    found = {kind: current_based(kind) for kind in ("plain", "current", "sum")}
    updates = {kind: (c.total("neuron_updates"), c.total("current_updates")) for kind, (_, c) in found.items()}
    assert updates == {"plain": (2 * 3 * 7, 0), "current": (2 * 3 * 7, 2 * 3 * 4), "sum": (2 * 3 * 11, 0)}
    for name in ("loihi1-davies2018", "loihi1-sanafe", "loihi2"):
        price = {kind: estimate(counts, load_profile(name)).per_inference for kind, (_, counts) in found.items()}
        assert price["plain"] == price["current"]
    places = [map_network(found[kind][0], load_chip("loihi1")).to_dict() for kind in ("plain", "current")]
    assert places[0] == places[1]


def test_the_decay_of_a_current_is_arithmetic_that_is_priced():
    """A processor, unlike Loihi's compartment, decays the current and the membrane one after the other."""
    found = {kind: current_based(kind)[1] for kind in ("plain", "current", "sum")}
    for name in ("horowitz45-fp32", "lemaire45", "yan22"):
        price = {kind: estimate(counts, load_profile(name)).per_inference.low for kind, counts in found.items()}
        assert price["plain"] < price["current"] == pytest.approx(price["sum"])
