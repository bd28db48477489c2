"""Folding wires into weights: the same logits and spikes, one layer for each part; what weights cannot say stays."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.graph.ir import MLF, Conv2d, Edge, Flatten, Graph, Input, Linear, Node, Readout, Wires
from snnhw.passes.fold_wires import fold_wires
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE

SHAPES = [(2, 4, 4), (3, 4, 4)]  # of two populations


def joined(seed: int, *, flat: bool, gain: int = 1, order: bool = False) -> Graph:
    """Two populations whose spikes are joined in front of a convolution, or of a matrix; `order` mixes the channels."""
    rng = np.random.default_rng(seed)
    channels = rng.permutation(5) if order else np.arange(5)
    numbers = [np.arange(np.prod(shape)).reshape(shape) for shape in SHAPES]
    parts = [
        np.concatenate([numbers[0], np.full(SHAPES[1], -1)])[channels],
        np.concatenate([np.full(SHAPES[0], -1), numbers[1]])[channels],
    ]
    nodes: list[Node] = [Input(name="input", shape=(1, 4, 4))]
    edges: list[Edge] = []
    for i, shape in enumerate(SHAPES):
        nodes += [
            Conv2d(name=f"conv{i}", shape=shape, weight=rng.normal(0, 2, (shape[0], 1, 1, 1))),
            MLF(name=f"unit{i}", shape=shape, thresholds=(0.6, 1.6), decay=0.25),
            Wires(name=f"part{i}", shape=(5, 4, 4), source=parts[i], taken=shape),
        ]
        edges += [Edge("input", f"conv{i}"), Edge(f"conv{i}", f"unit{i}"), Edge(f"unit{i}", f"part{i}")]
    bias = rng.normal(size=3)
    if flat:
        nodes += [Flatten(name="flat", shape=(80,)), Linear(name="layer", shape=(3,), weight=rng.normal(size=(3, 80)))]
        nodes += [MLF(name="last", shape=(3,), thresholds=(0.6, 1.6), decay=0.25), Readout(name="out", shape=(3,))]
        edges += [Edge("part0", "flat", gain), Edge("part1", "flat"), Edge("flat", "layer")]
    else:
        weight = rng.normal(size=(3, 5, 3, 3))
        nodes += [
            Conv2d(name="layer", shape=(3, 2, 2), weight=weight, bias=bias),
            MLF(name="last", shape=(3, 2, 2), thresholds=(0.6, 1.6), decay=0.25),
            Readout(name="out", shape=(3, 2, 2)),
        ]
        edges += [Edge("part0", "layer", gain), Edge("part1", "layer")]
    return Graph.build(nodes, [*edges, Edge("layer", "last"), Edge("last", "out")], 3)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**16), st.booleans(), st.sampled_from([1, 3]), st.booleans())
def test_joined_populations_become_a_sum_of_layers(seed, flat, gain, order):
    graph = joined(seed, flat=flat, gain=gain, order=order)
    folded = fold_wires(graph)
    assert not folded.of_type(Wires, Flatten)
    layers = [folded.nodes[edge.source] for edge in folded.into("last")]
    assert [folded.into(layer.name)[0].source for layer in layers] == ["unit0", "unit1"]
    assert [folded.into(layer.name)[0].gain for layer in layers] == [gain, 1]
    assert sum(layer.weight.size for layer in layers) == graph.nodes["layer"].weight.size
    x = np.random.default_rng(seed).normal(0, 1, (4, 1, 4, 4))
    before, after = (simulate(g, x, execution=DOUBLE, raster=True) for g in (graph, folded))
    np.testing.assert_allclose(after.logits, before.logits, atol=1e-9)
    for unit, raster in before.raster.items():
        np.testing.assert_array_equal(after.raster[unit], raster)


@pytest.mark.parametrize(
    ("source", "shape"),
    [
        (np.repeat(np.arange(32).reshape(2, 4, 4), 2, axis=2), (2, 4, 8)),  # copies
        (np.arange(32).reshape(2, 4, 4)[:1], (1, 4, 4)),  # half of it
        (np.pad(np.arange(32).reshape(2, 4, 4), ((0, 0), (1, 0), (0, 0)), constant_values=-1), (2, 5, 4)),
        (np.arange(32).reshape(2, 4, 4)[:, ::-1], (2, 4, 4)),
    ],
)
def test_what_weights_cannot_say_stays(source, shape):
    nodes = [
        Input(name="input", shape=(2, 4, 4)),
        Wires(name="wires", shape=shape, source=source.copy(), taken=(2, 4, 4)),
        Conv2d(name="conv", shape=(3, shape[1], shape[2]), weight=np.ones((3, shape[0], 1, 1))),
        Readout(name="out", shape=(3, shape[1], shape[2])),
    ]
    graph = Graph.build(nodes, [("input", "wires"), ("wires", "conv"), ("conv", "out")], 2)
    assert fold_wires(graph).nodes["wires"] is graph.nodes["wires"]


def test_a_border_becomes_padding_and_wires_that_change_nothing_go():
    padded = np.pad(np.arange(32).reshape(2, 4, 4), ((0, 0), (1, 1), (2, 2)), constant_values=-1)
    same = np.arange(32).reshape(2, 4, 4)
    nodes = [
        Input(name="input", shape=(2, 4, 4)),
        Wires(name="there", shape=(32,), source=np.arange(32), taken=(2, 4, 4)),
        Wires(name="back", shape=(2, 4, 4), source=same, taken=(32,)),
        Wires(name="border", shape=(2, 6, 8), source=padded, taken=(2, 4, 4)),
        Conv2d(name="conv", shape=(3, 6, 8), weight=np.ones((3, 2, 3, 3)), padding=(1, 1)),
        Readout(name="out", shape=(3, 6, 8)),
    ]
    names = [node.name for node in nodes]
    graph = Graph.build(nodes, [Edge(a, b, 2) for a, b in pairwise(names)], 2)
    folded = fold_wires(graph)
    assert list(folded.nodes) == ["input", "conv", "out"] and folded.nodes["conv"].padding == (2, 3)
    assert {(edge.source, edge.gain) for edge in folded.edges} == {("input", 16), ("conv", 2)}
    x = np.random.default_rng(0).normal(size=(2, 2, 4, 4))
    np.testing.assert_allclose(
        simulate(folded, x, execution=DOUBLE).logits, simulate(graph, x, execution=DOUBLE).logits
    )
