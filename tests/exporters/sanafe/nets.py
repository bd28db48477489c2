"""Small networks of each kind that SANA-FE can run, and a sample for each."""

import dataclasses
from itertools import pairwise

import numpy as np

from snnhw.graph.ir import LIF, Conv2d, Graph, Input, Linear, Readout
from snnhw.passes.decompose import decompose
from tests.analysis.nets import mlf, weights

RNG = np.random.default_rng(17)


def conv(name, into, out, size, **options):
    options = {"padding": (1, 1), **options}
    return Conv2d(
        name=name, shape=(out, size, size), weight=np.round(16 * weights(RNG, (out, into, 3, 3))) / 16, **options
    )


def residual_net():
    """K = 3, an identity and a convolution branch of unequal depth, read-out on all positions."""
    nodes = [
        Input(name="events", shape=(2, 6, 6), levels=1),
        conv("stem", 2, 4, 6),
        mlf("a", (4, 6, 6), 3),
        conv("body", 4, 4, 6),
        mlf("b", (4, 6, 6), 3),
        conv("tail", 4, 3, 6),
        mlf("c", (3, 6, 6), 3),
        Linear(name="fc", shape=(5,), weight=RNG.normal(size=(5, 108))),
        Readout(name="readout", shape=(5,), reduction="sum"),
    ]
    edges = [
        ("events", "stem"),
        ("stem", "a"),
        ("a", "body"),
        ("body", "b"),
        ("a", "tail"),
        ("b", "tail"),
        ("tail", "c"),
    ]
    return decompose(Graph.build(nodes, [*edges, ("c", "fc"), ("fc", "readout")], timesteps=6))


def shortcut_net():
    """An image, and shortcuts without a synapse: spikes of one layer go straight into the neurons of a later one."""
    nodes = [
        Input(name="image", shape=(1, 6, 6)),
        conv("stem", 1, 4, 6, bias=RNG.normal(size=4) / 4),
        mlf("a", (4, 6, 6), 2),
        conv("body", 4, 4, 6, bias=RNG.normal(size=4) / 4),
        mlf("b", (4, 6, 6), 2),
        mlf("c", (4, 6, 6), 2),
        conv("tail", 4, 3, 6),
        mlf("d", (3, 6, 6), 2),
        Linear(name="fc", shape=(5,), weight=RNG.normal(size=(5, 108))),
        Readout(name="readout", shape=(5,), reduction="sum"),
    ]
    edges = [("image", "stem"), ("stem", "a"), ("a", "body"), ("body", "b"), ("a", "c"), ("b", "c"), ("c", "tail")]
    return decompose(Graph.build(nodes, [*edges, ("tail", "d"), ("d", "fc"), ("fc", "readout")], timesteps=6))


def strided_net():
    """An analogue image as a bias, stride 2, a dilated and a grouped convolution, biases."""
    nodes = [
        Input(name="image", shape=(1, 9, 9)),
        conv("stem", 1, 4, 9, bias=RNG.normal(size=4) / 4),
        LIF(name="a", shape=(4, 9, 9), decay=0.5, threshold=1.0),
        conv("half", 4, 6, 5, stride=(2, 2), bias=RNG.normal(size=6) / 4),
        LIF(name="b", shape=(6, 5, 5), decay=0.25, threshold=0.7),
        Conv2d(
            name="groups", shape=(4, 5, 5), weight=weights(RNG, (4, 3, 3, 3)), padding=(2, 2), dilation=(2, 2), groups=2
        ),
        LIF(name="c", shape=(4, 5, 5), decay=0.25, threshold=0.7),
        Linear(name="fc", shape=(5,), weight=RNG.normal(size=(5, 100))),
        Readout(name="readout", shape=(5,), reduction="sum"),
    ]
    names = [n.name for n in nodes]
    return Graph.build(nodes, list(pairwise(names)), timesteps=6)


def dense_net(size=150):
    """Two dense layers; at eight neurons a core they span many tiles, in both directions of the mesh."""
    nodes = [
        Input(name="events", shape=(40,), levels=1),
        Linear(name="one", shape=(size,), weight=weights(RNG, (size, 40))),
        LIF(name="a", shape=(size,), decay=0.25, threshold=1.5),
        Linear(name="two", shape=(12,), weight=weights(RNG, (12, size), zeros=0.5)),
        LIF(name="b", shape=(12,), decay=0.75, threshold=2.0),
        Linear(name="fc", shape=(3,), weight=RNG.normal(size=(3, 12))),
        Readout(name="readout", shape=(3,), reduction="sum"),
    ]
    names = [n.name for n in nodes]
    return Graph.build(nodes, list(pairwise(names)), timesteps=8)


def sample_of(graph):
    if graph.input.levels is None:
        return RNG.normal(size=graph.input.shape) * 2
    return (RNG.random((graph.timesteps, *graph.input.shape)) < 0.3).astype(np.uint8)


def biased(graph):
    """Every synapse gets a bias, which must not act before the first spike arrives."""
    new = [
        dataclasses.replace(n, bias=RNG.normal(size=n.shape[0]) / 3) if isinstance(n, Conv2d | Linear) else n
        for n in graph.nodes.values()
    ]
    return graph.replace(nodes=new)
