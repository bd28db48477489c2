"""Pools and flattens before a matrix go into its weights."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.graph.ir import MLF, Conv2d, Edge, Flatten, Graph, Input, Linear, Pool, Readout
from snnhw.passes.fold_pool import fold_pool
from tests.passes.runs import assert_same, run


@given(
    seed=st.integers(0, 2**31),
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    padding=st.integers(0, 1),
    kind=st.sampled_from(["avg", "sum"]),
)
def test_any_pool_folds_into_the_readout(seed, kernel, stride, padding, kind):
    rng = np.random.default_rng(seed)
    pads = tuple(min(padding, k // 2) for k in kernel)
    pooled = tuple((6 + 2 * p - k) // s + 1 for k, s, p in zip(kernel, stride, pads, strict=True))
    size = 3 * pooled[0] * pooled[1]
    nodes = [
        Input(name="input", shape=(3, 6, 6)),
        MLF(name="mlf", shape=(3, 6, 6), thresholds=(0.6, 1.6), decay=0.25),
        Pool(name="pool", shape=(3, *pooled), kind=kind, kernel=kernel, stride=stride, padding=pads),
        Flatten(name="flatten", shape=(size,)),
        Linear(name="fc", shape=(2,), weight=rng.normal(size=(2, size)), bias=rng.normal(size=2)),
        Readout(name="readout", shape=(2,)),
    ]
    chain = [n.name for n in nodes]
    graph = Graph.build(nodes, list(pairwise(chain)), 3)
    folded = fold_pool(graph)
    assert not folded.of_type(Pool, Flatten)
    inputs = rng.uniform(0, 2, (2, 3, 6, 6))
    assert_same(run(graph, inputs), run(folded, inputs))


def chain(*nodes):
    return Graph.build(nodes, list(pairwise(n.name for n in nodes)), 2)


POOL = Pool(name="pool", shape=(2, 2, 2), kind="avg", kernel=(2, 2), stride=(2, 2))


def test_the_weights_behind_a_tiling_pool_are_a_quarter_of_each():
    """2x2 windows by hand: every pixel of a window gets the weight of the window over four."""
    weight = np.arange(16.0).reshape(2, 8)
    nodes = [
        Input(name="input", shape=(2, 4, 4)), POOL, Flatten(name="flatten", shape=(8,)),
        Linear(name="fc", shape=(2,), weight=weight), Readout(name="readout", shape=(2,)),
    ]  # fmt: skip
    folded = fold_pool(chain(*nodes)).nodes["fc"].weight.reshape(2, 2, 4, 4)
    for o, c, y, x in np.ndindex(folded.shape):
        assert folded[o, c, y, x] == weight.reshape(2, 2, 2, 2)[o, c, y // 2, x // 2] / 4


def test_two_pools_in_a_row_fold_both():
    rng = np.random.default_rng(0)
    nodes = [
        Input(name="input", shape=(2, 8, 8)),
        Pool(name="first", shape=(2, 4, 4), kind="sum", kernel=(2, 2), stride=(2, 2)),
        POOL,
        Flatten(name="flatten", shape=(8,)),
        Linear(name="fc", shape=(3,), weight=rng.normal(size=(3, 8))),
        Readout(name="readout", shape=(3,)),
    ]
    graph = chain(*nodes)
    folded = fold_pool(graph)
    assert list(folded.nodes) == ["input", "fc", "readout"]
    inputs = rng.normal(size=(2, 2, 8, 8))
    assert_same(run(graph, inputs), run(folded, inputs))


@pytest.mark.parametrize("gain", [1, 3])
def test_what_several_matrices_and_others_take_goes_into_each_matrix(gain):
    rng = np.random.default_rng(gain)
    nodes = [
        Input(name="input", shape=(2, 4, 4)),
        POOL,
        Flatten(name="flatten", shape=(8,)),
        Linear(name="a", shape=(3,), weight=rng.normal(size=(3, 8))),
        Linear(name="b", shape=(3,), weight=rng.normal(size=(3, 8)), bias=np.ones(3)),
        Conv2d(name="conv", shape=(3, 1, 1), weight=rng.normal(size=(3, 2, 2, 2))),
        MLF(name="mlf", shape=(3, 1, 1), thresholds=(0.1, 0.4), decay=0.5),
        Linear(name="c", shape=(3,), weight=rng.normal(size=(3, 3))),
        Readout(name="readout", shape=(3,)),
    ]
    edges = [
        Edge("input", "pool", gain), ("pool", "flatten"), Edge("flatten", "a", gain), ("flatten", "b"),
        ("pool", "conv"), ("conv", "mlf"), ("mlf", "c"), ("a", "readout"), Edge("b", "readout", gain), ("c", "readout"),
    ]  # fmt: skip
    graph = Graph.build(nodes, edges, 2)
    folded = fold_pool(graph)
    assert [n.name for n in folded.of_type(Pool, Flatten)] == ["pool"]
    assert {e.target for e in folded.out_of("pool")} == {"conv"}
    assert [e.source for name in ("a", "b") for e in folded.into(name)] == ["input", "input"]
    inputs = rng.normal(0.5, 1, size=(4, 2, 4, 4))
    assert run(graph, inputs).units["mlf"].levels.sum() > 0
    assert_same(run(graph, inputs), run(folded, inputs))
