"""Wires behind wires as one: the same values, and nothing between a layer and the norm that belongs to it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from snnhw.graph.ir import Conv2d, Edge, Graph, Input, Norm, Readout, Wires
from snnhw.passes import FLOAT, run_passes
from snnhw.passes.join_wires import join_wires
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE


def chain(seed: int, length: int, branch: bool) -> Graph:
    """Wires one behind the other, of any sizes, that copy, drop and leave zeros; a second end takes the first."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 6, length + 1)
    nodes = [Input(name="input", shape=(int(sizes[0]),))]
    for i, (before, size) in enumerate(pairwise(sizes)):
        source = rng.integers(-1, before, size)
        nodes.append(Wires(name=f"w{i}", shape=(int(size),), source=source, taken=(int(before),)))
    last = nodes[-1].shape
    edges = [Edge(a.name, b.name, int(rng.integers(1, 4))) for a, b in pairwise(nodes)]
    nodes.append(Readout(name="out", shape=last))
    edges.append(Edge(f"w{length - 1}", "out"))
    if branch:
        nodes.append(Readout(name="also", shape=nodes[1].shape))
        edges.append(Edge("w0", "also"))
    return Graph.build(nodes, edges, 2)


@given(st.integers(0, 2**16), st.integers(1, 5), st.booleans())
def test_values_stay_and_one_is_left(seed, length, branch):
    graph = chain(seed, length, branch)
    joined = join_wires(graph)
    x = np.random.default_rng(seed).normal(size=(3, *graph.input.shape))
    before, after = (simulate(g, x, execution=DOUBLE) for g in (graph, joined))
    np.testing.assert_allclose(after.logits, before.logits, rtol=1e-12)
    if branch:
        np.testing.assert_allclose(after.outputs["also"], before.outputs["also"], rtol=1e-12)
    assert len(joined.of_type(Wires)) <= (2 if branch else 1)
    assert not any(w.changes_nothing for w in joined.of_type(Wires))


def test_a_norm_between_two_transposes_goes_into_the_layer_before():
    there, back = (
        Wires(name=name, shape=(b, 1, a), source=np.arange(a * b).reshape(a, 1, b).T, taken=(a, 1, b))
        for name, a, b in (("there", 3, 4), ("back", 4, 3))
    )
    one = np.arange(1.0, 4.0)
    nodes = [
        Input(name="input", shape=(2, 1, 4)),
        Conv2d(name="conv", shape=(3, 1, 4), weight=np.ones((3, 2, 1, 1))),
        there,
        back,
        Norm(name="norm", shape=(3, 1, 4), gamma=one, beta=one, mean=one, var=one, eps=0.0),
        Readout(name="out", shape=(3, 1, 4)),
    ]
    graph = Graph.build(nodes, [Edge(a.name, b.name) for a, b in pairwise(nodes)], 1)
    folded = run_passes(graph, FLOAT)
    assert [type(n).__name__ for n in folded.nodes.values()] == ["Input", "Conv2d", "Readout"]
    x = np.random.default_rng(0).normal(size=(2, 2, 1, 4))
    before, after = (simulate(g, x, execution=DOUBLE).logits for g in (graph, folded))
    np.testing.assert_allclose(after, before)
