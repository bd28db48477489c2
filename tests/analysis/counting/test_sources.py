"""What sends the spikes that reach a node: worked networks by hand."""

from itertools import pairwise

import numpy as np

from snnhw.analysis.counting.sources import (
    carries_spikes,
    levels_of,
    populations,
    source_levels,
    source_shape,
    spike_paths,
)
from snnhw.graph.ir import MLF, Delay, Edge, Graph, Input, Linear, MaxPool, Pool, Readout
from snnhw.passes import compile_channels

TWO = (0.5, 1.5)


def network():
    """Two events at most enter a unit of two levels, whose spikes go through a pool, twice, and through a delay."""
    nodes = [
        Input(name="input", shape=(1, 4, 4), levels=2),
        MLF(name="unit", shape=(1, 4, 4), thresholds=TWO, decay=0.5),
        Pool(name="pool", shape=(1, 2, 2), kind="sum", kernel=(2, 2), stride=(2, 2)),
        MaxPool(name="largest", shape=(1, 2, 2), kernel=(2, 2), stride=(2, 2)),
        Delay(name="late", shape=(1, 2, 2), steps=1),
        MLF(name="last", shape=(1, 2, 2), thresholds=TWO, decay=0.5),
        Readout(name="readout", shape=(1, 2, 2)),
    ]
    edges = [
        Edge("input", "unit"),
        Edge("unit", "pool"),
        Edge("unit", "largest"),
        Edge("largest", "late"),
        Edge("pool", "last", gain=-2),
        Edge("late", "last"),
        Edge("last", "readout"),
    ]
    return Graph(nodes={node.name: node for node in nodes}, edges=tuple(edges), timesteps=3, name="worked")


def test_paths_end_at_what_fires_with_the_gain_and_the_linear_nodes_on_the_way():
    paths = sorted(spike_paths(network(), "last", 1, ()))
    assert paths == [
        ("largest", 1, 1, ()),  # a max pool of spikes fires; a delay is no node on the way
        ("largest", 2, 1, ()),
        ("unit", 1, 2, ("pool",)),  # a difference is as much work as a sum
        ("unit", 2, 2, ("pool",)),
    ]
    assert sorted(spike_paths(network(), "unit", 1, ())) == [("input", 1, 1, ()), ("input", 2, 1, ())]


def test_a_source_has_the_levels_and_the_shape_of_what_it_sends():
    graph = network()
    assert [source_levels(graph, name) for name in ("input", "unit", "largest")] == [2, 2, 2]
    assert [source_shape(graph, name) for name in ("input", "unit", "largest")] == [(1, 4, 4), (1, 4, 4), (1, 2, 2)]
    assert populations(graph, "largest") == ("unit",) and populations(graph, "input") == ("input",)
    assert levels_of((graph.nodes["unit"],)) == 2 and levels_of((graph.readout,)) == 1


def test_only_what_sends_spikes_alone_carries_spikes():
    weights = Linear(name="weights", shape=(3,), weight=np.ones((3, 2)))
    nodes = [Input(name="values", shape=(2,)), weights, Readout(name="readout", shape=(3,))]
    analogue = Graph.build(nodes, [("values", "weights"), ("weights", "readout")], 1)
    assert not carries_spikes(analogue, "values") and not carries_spikes(analogue, "weights")
    assert all(carries_spikes(network(), name) for name in ("input", "unit", "pool", "largest", "late", "last"))


def test_the_channels_of_a_unit_are_its_levels():
    nodes = [
        Input(name="input", shape=(2,), levels=1),
        Linear(name="weights", shape=(2,), weight=np.eye(2, dtype=np.float32)),
        MLF(name="unit", shape=(2,), thresholds=TWO, decay=0.5),
        Linear(name="classes", shape=(2,), weight=np.eye(2, dtype=np.float32)),
        Readout(name="readout", shape=(2,)),
    ]
    names = [node.name for node in nodes]
    channels = compile_channels(Graph.build(nodes, list(pairwise(names)), 2))
    assert sorted(spike_paths(channels, "classes", 1, ())) == [("unit", 1, 1, ()), ("unit", 2, 1, ())]
    assert source_levels(channels, "unit") == 2 and source_shape(channels, "unit") == (2,)
