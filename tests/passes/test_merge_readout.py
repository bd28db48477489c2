"""Matrices in front of the read-out become one where they can, and the logits stay."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from snnhw.graph.ir import MLF, Edge, Flatten, Graph, Input, Linear, Readout
from snnhw.nn import neurons
from snnhw.nn.time import Frames, MeanOverTime
from snnhw.passes import compile_channels
from snnhw.passes.merge_readout import merge_readout
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.engine import simulate
from snnhw.workflows.load import model_of
from tests.passes.runs import assert_same, run


def matrix(name: str, outputs: int, inputs: int, rng: np.random.Generator) -> Linear:
    bias = rng.normal(size=outputs) if rng.random() < 0.5 else None
    return Linear(name=name, shape=(outputs,), weight=rng.normal(size=(outputs, inputs)), bias=bias)


def graph_of(seed: int, heads: int, chained: bool) -> Graph:
    """Spikes, some matrices of gains 1 to 3 that are summed in the read-out, the first behind another one."""
    rng = np.random.default_rng(seed)
    nodes = [
        Input(name="input", shape=(4,)),
        matrix("first", 6, 4, rng),
        MLF(name="unit", shape=(6,), thresholds=(0.3, 0.9), decay=0.5),
        matrix("inner", 6, 6, rng),
        *(matrix(f"head{i}", 3, 6, rng) for i in range(heads)),
        Readout(name="readout", shape=(3,)),
    ]
    gains = [int(g) for g in rng.integers(1, 4, heads)]
    edges = [Edge("input", "first"), Edge("first", "unit")]
    edges += [Edge(f"head{i}", "readout", gain) for i, gain in enumerate(gains)]
    edges += [Edge("unit", f"head{i}", 2) for i in range(int(chained), heads)]
    if chained:
        edges += [Edge("unit", "inner", 2), Edge("inner", "head0", 3)]
    return Graph.build([n for n in nodes if chained or n.name != "inner"], edges, 3)


@given(st.integers(0, 2**31), st.integers(1, 3), st.booleans())
def test_matrices_that_take_the_same_spikes_become_one(seed, heads, chained):
    graph = graph_of(seed, heads, chained)
    merged = merge_readout(graph)
    (edge,) = merged.into("readout")
    assert edge.gain == 1 and len(merged.of_type(Linear)) == 2
    inputs = np.random.default_rng(seed).normal(size=(3, 4))
    assert_same(run(graph, inputs), run(merged, inputs))


def test_what_cannot_be_one_matrix_is_left():
    rng = np.random.default_rng(0)
    nodes = [
        Input(name="input", shape=(4,)),
        matrix("one", 6, 4, rng), MLF(name="u1", shape=(6,), thresholds=(0.3,), decay=0.5), matrix("a", 3, 6, rng),
        MLF(name="u2", shape=(6,), thresholds=(0.3,), decay=0.5), matrix("b", 3, 6, rng),
        Readout(name="out", shape=(3,)),
    ]  # fmt: skip
    edges = [("input", "one"), ("one", "u1"), ("one", "u2"), ("u1", "a"), ("u2", "b"), ("a", "out"), ("b", "out")]
    graph = Graph.build(nodes, edges, 2)
    assert merge_readout(graph).edges == graph.edges


class Two(nn.Module):
    """One flatten that feeds two matrices which are summed, a multiple and a matrix behind the mean."""

    def __init__(self) -> None:
        super().__init__()
        self.frames, self.conv, self.mlf = Frames(4), nn.Conv2d(1, 4, 3), neurons.MLF(timesteps=4)
        self.flat = nn.Flatten()
        self.a, self.b, self.c, self.mean = nn.Linear(64, 5), nn.Linear(64, 5), nn.Linear(5, 5), MeanOverTime(4)

    def forward(self, x):
        h = self.flat(self.mlf(self.conv(self.frames(x))))
        return self.c(self.mean(self.a(h) + 2 * self.b(h)))


def test_a_flatten_that_feeds_two_matrices_compiles_and_quantises():
    model = model_of(Two(), (1, 6, 6))
    x = np.random.default_rng(0).uniform(0, 3, (20, 1, 6, 6)).astype(np.float32)
    expected = simulate(model.graph, x).logits
    channels = compile_channels(model.graph)
    assert not channels.of_type(Flatten)
    np.testing.assert_allclose(simulate(channels, x).logits, expected, atol=1e-4)
    integers = compile_loihi(model.graph, x)
    (edge,) = integers.graph.into(integers.graph.readout.name)
    logits = simulate(integers.graph, x).logits / (integers.scales[edge.source].max() * 4)
    assert np.corrcoef(logits.ravel(), expected.ravel())[0, 1] > 0.95


def test_matrices_in_front_of_neurons_become_one_for_integers():
    """A chain on spikes and on the input: no synapse of the integers takes sums, and all of them hold integers."""
    torch.manual_seed(0)
    chain = (
        nn.Linear(7, 9),
        nn.Linear(9, 8),
        neurons.MLF(timesteps=3),
        nn.Linear(8, 5),
        nn.Linear(5, 6),
        neurons.MLF(timesteps=3),
    )
    model = model_of(nn.Sequential(Frames(3), *chain, nn.Linear(6, 4), MeanOverTime(3)), (7,))
    x = np.random.default_rng(0).normal(0, 3, (20, 7)).astype(np.float32)
    channels = compile_channels(model.graph)
    assert len(channels.of_type(Linear)) == 3
    np.testing.assert_allclose(simulate(channels, x).logits, simulate(model.graph, x).logits, atol=1e-4)
    integers = compile_loihi(model.graph, x).graph
    assert len(integers.of_type(Linear)) == 3
    assert all(np.issubdtype(n.weight.dtype, np.integer) for n in integers.of_type(Linear))
