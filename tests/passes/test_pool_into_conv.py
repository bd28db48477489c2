"""Pools before convolutions go into their weights where that is exact, and stay elsewhere."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from snnhw.analysis.counting.count import dense_inputs, dense_macs
from snnhw.errors import InputError
from snnhw.graph.ir import LIF, MLF, Conv2d, Edge, Graph, Input, Linear, Pool, Readout
from snnhw.passes import LOIHI_CHANNELS, run_passes
from snnhw.passes.pool_into_conv import pool_into_conv
from snnhw.quantisation.quantise import quantise
from tests.passes.runs import assert_same, run


@example(
    seed=0, size=(4, 4), kernel=(2, 1), stride=(3, 1), pool_padding=0, kind="avg", taps=(1, 1), conv_stride=2,
    padding=1, dilation=1, groups=1,
)  # fmt: skip
@given(
    seed=st.integers(0, 2**31),
    size=st.tuples(st.integers(4, 9), st.integers(4, 9)),
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    pool_padding=st.integers(0, 1),
    kind=st.sampled_from(["avg", "sum"]),
    taps=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    conv_stride=st.integers(1, 2),
    padding=st.integers(0, 2),
    dilation=st.integers(1, 2),
    groups=st.sampled_from([1, 2]),
)
def test_a_pool_folds_into_the_convolution_or_stays(
    seed, size, kernel, stride, pool_padding, kind, taps, conv_stride, padding, dilation, groups
):
    """Values are the same whatever folds; windows that tile the image always do."""
    rng = np.random.default_rng(seed)
    pads = tuple(min(pool_padding, k // 2) for k in kernel)
    pooled = tuple((n + 2 * p - k) // s + 1 for n, p, k, s in zip(size, pads, kernel, stride, strict=True))
    out = tuple(
        (n + 2 * padding - dilation * (t - 1) - 1) // conv_stride + 1 for n, t in zip(pooled, taps, strict=True)
    )
    assume(min(*pooled, *out) > 0)
    weight = rng.normal(size=(4, 2 // groups, *taps))
    nodes = [
        Input(name="input", shape=(2, *size)),
        MLF(name="mlf", shape=(2, *size), thresholds=(0.6, 1.6), decay=0.25),
        Pool(name="pool", shape=(2, *pooled), kind=kind, kernel=kernel, stride=stride, padding=pads),
        Conv2d(
            name="conv", shape=(4, *out), weight=weight, bias=rng.normal(size=4), stride=(conv_stride, conv_stride),
            padding=(padding, padding), dilation=(dilation, dilation), groups=groups,
        ),
        MLF(name="last", shape=(4, *out), thresholds=(0.6,), decay=0.25),
        Linear(name="fc", shape=(3,), weight=rng.normal(size=(3, 4 * out[0] * out[1]))),
        Readout(name="readout", shape=(3,)),
    ]  # fmt: skip
    graph = Graph.build(nodes, [(a.name, b.name) for a, b in pairwise(nodes)], 3)
    folded = pool_into_conv(graph)
    tiles = all(n % k == 0 for n, k in zip(size, kernel, strict=True)) and kernel == stride and pads == (0, 0)
    if tiles:
        assert not folded.of_type(Pool)
    inputs = rng.uniform(0, 2, (2, 2, *size))
    assert_same(run(graph, inputs), run(folded, inputs))
    # the ANN twin keeps its pool; a convolution whose taps all fall on padding has no work there
    hits = [
        sum(0 <= o * conv_stride - padding + t * dilation < n for o in range(m) for t in range(k))
        for n, m, k in zip(pooled, out, taps, strict=True)
    ]
    assert (
        dense_macs(folded, "conv") == dense_macs(graph, "conv") == hits[0] * hits[1] * weight.shape[0] * weight.shape[1]
    )
    assert dense_inputs(folded, "conv") == dense_inputs(graph, "conv") == 2 * pooled[0] * pooled[1]


def test_a_pool_that_stays_is_refused_by_the_integers():
    shape, out = (1, 5, 5), (1, 3, 3)
    nodes = [
        Input(name="input", shape=shape, scale=1.0),
        Conv2d(name="first", shape=shape, weight=np.ones((1, 1, 1, 1))),
        LIF(name="a", shape=shape, threshold=0.5, decay=0.25),
        Pool(name="pool", shape=(1, 3, 3), kind="avg", kernel=(3, 3), stride=(1, 1)),
        Conv2d(name="second", shape=out, weight=np.ones((1, 1, 3, 3)), padding=(1, 1)),
        LIF(name="b", shape=out, threshold=0.5, decay=0.25),
        Linear(name="fc", shape=(2,), weight=np.ones((2, 9))),
        Readout(name="readout", shape=(2,)),
    ]
    graph = Graph.build(nodes, [(a.name, b.name) for a, b in pairwise(nodes)], 2)
    assert pool_into_conv(graph).of_type(Pool)
    with pytest.raises(InputError, match="'pool' does not fit Loihi: the pool cannot be folded"):
        quantise(run_passes(graph, LOIHI_CHANNELS))


def test_the_spread_weights_of_a_two_by_two_average_by_hand():
    """One tap behind a tiling pool: a 2x2 kernel of a quarter each, at twice the stride."""
    shape = (1, 2, 2)
    nodes = [
        Input(name="input", shape=(1, 4, 4)),
        Pool(name="pool", shape=shape, kind="avg", kernel=(2, 2), stride=(2, 2)),
        Conv2d(name="conv", shape=shape, weight=np.full((1, 1, 1, 1), 8.0)),
        Readout(name="readout", shape=shape),
    ]
    folded = pool_into_conv(Graph.build(nodes, [(a.name, b.name) for a, b in pairwise(nodes)], 1)).nodes["conv"]
    np.testing.assert_array_equal(folded.weight, np.full((1, 1, 2, 2), 2.0))
    assert (folded.stride, folded.padding, folded.dilation) == ((2, 2), (0, 0), (1, 1))


@pytest.mark.parametrize("extra", [("pool", "readout"), ("side", "conv")])
def test_a_pool_stays_where_its_values_or_its_convolution_have_other_company(extra):
    shape = (1, 2, 2)
    nodes = [
        Input(name="input", shape=(1, 4, 4)),
        Pool(name="side", shape=shape, kind="sum", kernel=(2, 2), stride=(2, 2)),
        Pool(name="pool", shape=shape, kind="avg", kernel=(2, 2), stride=(2, 2)),
        Conv2d(name="conv", shape=shape, weight=np.ones((1, 1, 1, 1))),
        Readout(name="readout", shape=shape),
    ]
    edges = [
        ("input", "pool"),
        ("input", "side"),
        ("side", "readout"),
        ("pool", "conv"),
        ("conv", "readout"),
        extra,
    ]
    graph = Graph.build(nodes, edges, 1)
    assert "pool" in pool_into_conv(graph).nodes
    assert graph.nodes["conv"] is pool_into_conv(graph).nodes["conv"]


def test_gains_around_a_pool_multiply():
    shape = (1, 2, 2)
    nodes = [
        Input(name="input", shape=(1, 4, 4)),
        Pool(name="pool", shape=shape, kind="sum", kernel=(2, 2), stride=(2, 2)),
        Conv2d(name="conv", shape=shape, weight=np.ones((1, 1, 1, 1))),
        Readout(name="readout", shape=shape),
    ]
    edges = [Edge("input", "pool", 2), Edge("pool", "conv", 3), ("conv", "readout")]
    graph = Graph.build(nodes, edges, 1)
    folded = pool_into_conv(graph)
    assert folded.into("conv") == (Edge("input", "conv", 6),)
    inputs = np.random.default_rng(0).normal(size=(2, 1, 4, 4))
    assert_same(run(graph, inputs), run(folded, inputs))
