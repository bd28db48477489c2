"""Gains behind layers that several populations take: the same spikes, and integers as of larger weights."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.graph.ir import SYNAPSES, Conv2d, Edge, Graph, Input, Linear, Readout
from snnhw.graph.neurons import MLF
from snnhw.graph.same import differences
from snnhw.passes.decompose import decompose
from snnhw.passes.fold_gains import fold_gains
from snnhw.passes.own_synapses import own_synapses
from snnhw.quantisation.compile import compile_loihi
from snnhw.quantisation.quantise import quantise
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE

GAINS = st.sampled_from([-4, -2, -1, 1, 2, 8])


def net(seed: int, gains: tuple[int, int], *, spread: bool = False) -> Graph:
    """Two convolutions with biases into one population, with gains; `spread`: the first feeds another one as it is."""
    rng = np.random.default_rng(seed)
    shape = (3, 4, 4)
    unit = {"shape": shape, "thresholds": (0.6, 1.6), "decay": 0.25}
    convs = [
        Conv2d(name=name, shape=shape, weight=rng.normal(0, 0.4, (3, 3, 1, 1)), bias=rng.normal(0, 0.4, 3))
        for name in ("a", "b", "c")
    ]
    nodes = [
        Input(name="input", shape=(2, 4, 4)),
        Conv2d(name="stem", shape=shape, weight=rng.normal(0, 1, (3, 2, 1, 1)), bias=rng.normal(size=3)),
        MLF(name="first", **unit),
        *convs[: 3 if spread else 2],
        MLF(name="second", **unit),
        *([MLF(name="side", **unit)] if spread else []),
        Linear(name="fc", shape=(4,), weight=rng.normal(0, 0.3, (4, 48)), bias=rng.normal(size=4)),
        Readout(name="out", shape=(4,)),
    ]
    edges = [Edge("input", "stem"), Edge("stem", "first"), Edge("first", "a"), Edge("first", "b")]
    edges += [Edge("a", "second", gains[0]), Edge("b", "second", gains[1]), Edge("second", "fc"), Edge("fc", "out")]
    if spread:
        edges += [Edge("a", "side"), Edge("first", "c"), Edge("c", "side", gains[1]), Edge("side", "fc")]
    return Graph.build(nodes, edges, 3)


def multiplied(graph: Graph, gains: tuple[int, int]) -> Graph:
    """The network with the gains in the weights by hand."""
    nodes = dict(graph.nodes)
    for name, gain in zip("ab", gains, strict=True):
        node = nodes[name]
        nodes[name] = dataclasses.replace(node, weight=node.weight * gain, bias=node.bias * gain)
    return graph.replace(nodes=nodes, edges=tuple(dataclasses.replace(e, gain=1) for e in graph.edges))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**16), GAINS, GAINS)
def test_integers_are_those_of_the_network_with_larger_weights(seed, first, second):
    gains = (first, second)
    graph, samples = net(seed, gains), np.random.default_rng(seed).normal(0, 1, (8, 2, 4, 4))
    assert not differences(fold_gains(graph), multiplied(graph, gains))
    found, expected = (compile_loihi(g, samples).graph for g in (graph, multiplied(graph, gains)))
    assert not differences(found, expected)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**16), GAINS, GAINS)
def test_spikes_are_the_same_where_targets_take_different_multiples(seed, first, second):
    graph, x = net(seed, (first, second), spread=True), np.random.default_rng(seed).normal(0, 1, (4, 2, 4, 4))
    folded = fold_gains(own_synapses(graph))
    assert {e.gain for e in folded.edges if isinstance(folded.nodes[e.source], SYNAPSES)} == {1}
    before, after = (simulate(g, x, execution=DOUBLE, raster=True) for g in (graph, folded))
    for unit, raster in before.raster.items():
        np.testing.assert_array_equal(after.raster[unit], raster)
    np.testing.assert_array_equal(after.logits, before.logits)


def test_a_graph_without_gains_is_given_back_and_quantise_refuses_one_with_them():
    plain = net(0, (1, 1))
    assert not differences(fold_gains(plain), plain)
    coded = dataclasses.replace(plain.input, scale=10.0)
    graph = net(0, (2, 1)).replace(nodes=[coded if n.name == "input" else n for n in plain.nodes.values()])
    with pytest.raises(
        InputError, match=r"'second.*' does not fit Loihi: it takes a 2 times.*; give the graph of compile_channels"
    ):
        quantise(decompose(graph))
