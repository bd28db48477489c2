"""Convolutions take the pools behind them, exactly; their ANN twins stay what they were."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given
from hypothesis import strategies as st

from snnhw.analysis.counting.count import dense_inputs, dense_macs
from snnhw.graph.ir import LIF, MLF, Conv2d, Edge, Graph, Input, Linear, Norm, Pool, Readout
from snnhw.graph.shapes import Window
from snnhw.nir.io import from_nir, to_nir
from snnhw.passes import FLOAT, compile_channels, run_passes
from snnhw.passes.conv_into_pool import conv_into_pool
from snnhw.quantisation.compile import compile_loihi
from snnhw.rules.ways import INTEGERS, refusals
from tests.passes.runs import assert_same, run


def pooled_net(seed=0, *, size=(7, 8), kernel=(2, 2), pool_stride=(2, 2), kind="avg", taps=(3, 3), stride=1, padding=1,
               dilation=1, groups=1, pool_padding=0, norm=False, timesteps=3):  # fmt: skip
    """Input, convolution, pool, neurons, matrix; None where a window does not fit."""
    rng = np.random.default_rng(seed)
    conv = Window(size, taps, (stride, stride), (padding, padding), (dilation, dilation))
    if min(conv.out) < 1:
        return None
    pool = Window(conv.out, kernel, pool_stride, (pool_padding, pool_padding))
    if min(pool.out) < 1:
        return None
    shape = (4, *pool.out)
    nodes = [
        Input(name="input", shape=(2, *size)),
        Conv2d(
            name="conv", shape=(4, *conv.out), weight=rng.normal(size=(4, 2 // groups, *taps)),
            bias=rng.normal(size=4), stride=conv.stride, padding=conv.padding, dilation=conv.dilation, groups=groups,
        ),
        Pool(name="pool", shape=shape, kind=kind, kernel=kernel, stride=pool_stride, padding=pool.padding),
        *([Norm(name="norm", shape=shape, gamma=rng.uniform(0.5, 2, 4), beta=rng.normal(size=4),
                mean=rng.normal(size=4), var=rng.uniform(0.5, 2, 4), eps=1e-5)] if norm else []),
        MLF(name="unit", shape=shape, thresholds=(0.4, 1.2), decay=0.25),
        Linear(name="fc", shape=(3,), weight=rng.normal(size=(3, int(np.prod(shape))))),
        Readout(name="readout", shape=(3,)),
    ]  # fmt: skip
    graph = Graph.build(nodes, [(a.name, b.name) for a, b in pairwise(nodes)], timesteps)
    return graph, rng.normal(size=(3, timesteps, 2, *size))


WINDOWS = {
    "seed": st.integers(0, 2**31),
    "size": st.tuples(st.integers(4, 9), st.integers(4, 9)),
    "kernel": st.tuples(st.integers(1, 3), st.integers(1, 3)),
    "pool_stride": st.tuples(st.integers(1, 3), st.integers(1, 3)),
    "kind": st.sampled_from(["avg", "sum"]),
    "taps": st.tuples(st.integers(1, 3), st.integers(1, 3)),
    "stride": st.integers(1, 2),
    "padding": st.integers(0, 2),
    "dilation": st.integers(1, 2),
    "groups": st.sampled_from([1, 2]),
    "norm": st.booleans(),
}


@given(**WINDOWS)
def test_a_convolution_takes_every_pool_without_padding(norm, **sizes):
    """The same spikes and logits, and an ANN twin that computes the convolution as it was."""
    made = pooled_net(norm=norm, **sizes)
    assume(made)
    graph, inputs = made
    floats = run_passes(graph, FLOAT)
    folded = conv_into_pool(floats)
    assert not folded.of_type(Pool) and [n.name for n in folded.of_type(Conv2d)] == ["conv"]
    assert_same(run(graph, inputs), run(folded, inputs))
    assert dense_macs(folded, "conv") == dense_macs(floats, "conv")
    assert dense_inputs(folded, "conv") == dense_inputs(floats, "conv")


@given(**{key: drawn for key, drawn in WINDOWS.items() if key != "norm"})
def test_the_one_convolution_is_what_torch_computes_one_after_the_other(**sizes):
    made = pooled_net(**sizes)
    assume(made)
    graph, inputs = made
    (one,) = conv_into_pool(graph).of_type(Conv2d)
    conv, pool, x = graph.nodes["conv"], graph.nodes["pool"], torch.from_numpy(inputs[0])
    y = F.conv2d(x, torch.from_numpy(conv.weight), torch.from_numpy(conv.bias), conv.stride, conv.padding,
                 conv.dilation, conv.groups)  # fmt: skip
    y = F.avg_pool2d(y, pool.kernel, pool.stride, divisor_override=1 if pool.kind == "sum" else None)
    z = F.conv2d(x, torch.from_numpy(one.weight), torch.from_numpy(one.bias), one.stride, one.padding, one.dilation,
                 one.groups)  # fmt: skip
    torch.testing.assert_close(z, y, rtol=0, atol=1e-12)


def test_a_two_by_two_average_by_hand():
    """One tap of 8 before a tiling pool: a 2x2 kernel of a quarter each, at twice the stride; the bias stays."""
    nodes = [
        Input(name="input", shape=(1, 4, 4)),
        Conv2d(name="conv", shape=(1, 4, 4), weight=np.full((1, 1, 1, 1), 8.0), bias=np.ones(1)),
        Pool(name="pool", shape=(1, 2, 2), kind="avg", kernel=(2, 2), stride=(2, 2)),
        Readout(name="readout", shape=(1, 2, 2)),
    ]
    (one,) = conv_into_pool(Graph.build(nodes, [(a.name, b.name) for a, b in pairwise(nodes)], 1)).of_type(Conv2d)
    np.testing.assert_array_equal(one.weight, np.full((1, 1, 2, 2), 2.0))
    assert (one.stride, one.padding, list(one.bias)) == ((2, 2), (0, 0), [1.0])


def test_a_pool_that_pads_stays_and_is_refused_by_name():
    graph, _ = pooled_net(pool_padding=1)
    assert conv_into_pool(graph) is graph
    assert {(f.code, f.node) for f in refusals(graph, INTEGERS)} == {("layer-on-sums", "unit")}


@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize("kind", ["avg", "sum"])
def test_quantise_takes_it(norm, kind):
    graph, inputs = pooled_net(norm=norm, kind=kind)
    assert refusals(graph, INTEGERS) == []
    integers = compile_loihi(graph, inputs).graph
    assert_same(run(graph, inputs), run(compile_channels(graph), inputs))
    assert integers.nodes["conv"].stride == (2, 2) and not integers.of_type(Pool)
    assert from_nir(to_nir(integers)).nodes["conv"].unfolded == integers.nodes["conv"].unfolded is not None


def test_two_branches_meet_before_the_pool():
    """Each convolution takes it; one that something else takes too does its work once for each; spikes keep theirs."""
    rng = np.random.default_rng(3)
    shape = (2, 4, 4)

    def conv(name):
        return Conv2d(name=name, shape=shape, weight=rng.normal(size=(2, 2, 3, 3)), bias=rng.normal(size=2),
                      padding=(1, 1))  # fmt: skip

    nodes = [
        Input(name="input", shape=shape),
        conv("first"),
        LIF(name="a", shape=shape, threshold=0.3, decay=0.5),
        conv("left"),
        conv("right"),
        LIF(name="side", shape=shape, threshold=0.3, decay=0.5),
        dataclasses.replace(conv("down"), shape=(2, 2, 2), stride=(2, 2)),
        Pool(name="pool", shape=(2, 2, 2), kind="avg", kernel=(2, 2), stride=(2, 2)),
        LIF(name="b", shape=(2, 2, 2), threshold=0.3, decay=0.5),
        Linear(name="fc", shape=(3,), weight=rng.normal(size=(3, 8))),
        Readout(name="readout", shape=(3,)),
    ]
    edges = [Edge("input", "first"), Edge("first", "a"), Edge("a", "left"), Edge("a", "right"), Edge("left", "pool", 2),
             Edge("right", "pool"), Edge("right", "side"), Edge("a", "pool", -1), Edge("pool", "b"), Edge("b", "fc"),
             Edge("side", "down"), Edge("down", "b"), Edge("fc", "readout")]  # fmt: skip
    graph = Graph.build(nodes, edges, 4)
    inputs = rng.normal(size=(5, 4, *shape))
    folded = conv_into_pool(graph)
    assert [n.name for n in folded.of_type(Conv2d)] == ["first", "left", "right", "right_of_pool", "down"]
    assert {e.source for e in folded.into("pool")} == {"a"}
    assert_same(run(graph, inputs), run(folded, inputs))
    assert_same(run(graph, inputs), run(compile_channels(graph), inputs))
    assert refusals(graph, INTEGERS) == []
