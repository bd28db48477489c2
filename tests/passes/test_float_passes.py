"""Laws of the float pipeline: each pass preserves every spike and the logits."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import assume, example, given
from hypothesis import strategies as st

from snnhw.analysis.counting.counts import dense_inputs, dense_macs
from snnhw.errors import InputError
from snnhw.graph.ir import LIF, MLF, Conv2d, Edge, Flatten, Graph, Input, Linear, Norm, Pool, Readout
from snnhw.nir.io import from_nir, to_nir
from snnhw.nn import build
from snnhw.passes import FLOAT, LOIHI_CHANNELS, run_passes
from snnhw.passes.balance_delays import balance_delays, check_balance, depths
from snnhw.passes.decompose import decompose, recompose
from snnhw.passes.fold_norm import fold_norm
from snnhw.passes.fold_pool import fold_pool
from snnhw.passes.identity_synapses import identity_synapses
from snnhw.passes.pool_into_conv import pool_into_conv
from snnhw.quantisation.quantise import quantise
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.tracing.trace import trace
from tests.nets import norm, residual_net, residual_nets


def run(graph, inputs):
    return simulate(graph, inputs, execution=DOUBLE, raster=True)


def assert_same(a, b, logits=1e-9):
    assert set(a.raster) == set(b.raster)
    for unit in a.raster:
        assert (a.raster[unit] == b.raster[unit]).all(), unit
        assert (a.units[unit].levels == b.units[unit].levels).all()
        assert (a.units[unit].graded_spikes == b.units[unit].graded_spikes).all()
    np.testing.assert_allclose(a.logits, b.logits, atol=logits)


@given(residual_nets)
def test_every_pass_keeps_every_spike(sample):
    graph = sample.graph
    reference = run(graph, sample.inputs)
    assert_same(reference, run(run_passes(graph, FLOAT), sample.inputs))
    assert_same(reference, run(decompose(graph), sample.inputs))
    assert_same(reference, run(run_passes(graph, LOIHI_CHANNELS), sample.inputs))
    assert_same(reference, run(recompose(decompose(graph)), sample.inputs))


def test_random_nets_fire_on_all_levels():
    record = run(residual_net().graph, residual_net().inputs)
    assert all((unit.levels.sum(axis=(1, 2, 3)) > 0).all() for unit in record.units.values())


def test_fold_norm_leaves_no_norm_and_keeps_bias():
    graph = fold_norm(residual_net().graph)
    assert not graph.of_type(Norm)
    assert all(conv.bias is not None for conv in graph.of_type(Conv2d))


@pytest.mark.parametrize("inside", [True, False])
def test_affine_is_the_definition(inside):
    n = norm("n", (3, 2, 2), np.random.default_rng(1), inside=inside)
    x = np.random.default_rng(2).normal(size=(3,))
    spread = np.sqrt(n.var + n.eps) if inside else np.sqrt(n.var) + n.eps
    scale, shift = n.affine()
    np.testing.assert_allclose(scale * x + shift, n.gamma * (n.factor * (x - n.mean) / spread) + n.beta, rtol=1e-12)


def test_norm_on_the_input_becomes_a_depthwise_convolution():
    rng = np.random.default_rng(0)
    nodes = [
        Input(name="input", shape=(2, 4, 4)),
        norm("bn0", (2, 4, 4), rng),
        Conv2d(name="conv", shape=(3, 4, 4), weight=rng.normal(size=(3, 2, 3, 3)), padding=(1, 1)),
        MLF(name="mlf", shape=(3, 4, 4), thresholds=(0.6, 1.6), decay=0.25),
        Linear(name="fc", shape=(2,), weight=rng.normal(size=(2, 48))),
        Readout(name="readout", shape=(2,)),
    ]
    chain = [n.name for n in nodes]
    graph = Graph.build(nodes, list(pairwise(chain)), 3)
    inputs = rng.normal(size=(2, 2, 4, 4))
    assert_same(run(graph, inputs), run(fold_norm(graph), inputs))


def test_fold_norm_refuses_a_shared_synapse():
    sample = residual_net()
    graph = sample.graph.replace(edges=(*sample.graph.edges, Edge("stem_conv", "s0b0_1_mlf")))
    with pytest.raises(InputError, match="stem_conv"):
        fold_norm(graph)


def test_decompose_wires_all_channels():
    graph = decompose(residual_net(levels=4).graph)
    assert not graph.of_type(MLF)
    channels = graph.units()["stem_mlf"]
    assert [c.name for c in channels] == [f"stem_mlf_l{k}" for k in range(1, 5)]
    assert [c.threshold for c in channels] == sorted(c.threshold for c in channels)
    for channel in channels:
        assert {e.target for e in graph.out_of(channel.name)} == {e.target for e in graph.out_of("stem_mlf_l1")}
    assert graph.arriving("s0b0_1_conv").levels == 4


def test_identity_synapses_feed_the_plain_residual_sum():
    graph = identity_synapses(fold_norm(residual_net(plain=True).graph))
    identity = graph.nodes["s0b0_2_mlf_identity"]
    assert isinstance(identity, Conv2d) and identity.groups == 4 and (identity.weight == 1).all()
    assert graph.into(identity.name) == (Edge("stem_mlf", identity.name),)
    assert {e.source for e in graph.into("s0b0_2_mlf")} == {"s0b0_2_conv", identity.name}
    assert "s1b0_2_mlf_identity" not in graph.nodes  # its shortcut has a convolution


@pytest.mark.parametrize(("shape", "groups"), [((127, 1, 1), 127), ((128, 1, 1), 1), ((5,), None)])
def test_identity_synapses_of_any_size(shape, groups):
    size = int(np.prod(shape))
    nodes = [
        Input(name="input", shape=shape),
        MLF(name="mlf", shape=shape, thresholds=(0.6, 1.6), decay=0.25),
        Linear(name="fc", shape=(2,), weight=np.random.default_rng(0).normal(size=(2, size))),
        Readout(name="readout", shape=(2,)),
    ]
    chain = [n.name for n in nodes]
    graph = Graph.build(nodes, list(pairwise(chain)), 3)
    fed = identity_synapses(graph)
    assert getattr(fed.nodes["mlf_identity"], "groups", None) == groups
    inputs = np.random.default_rng(1).uniform(0, 2, (2, *shape))
    assert_same(run(graph, inputs), run(fed, inputs))
    assert_same(run(graph, inputs), run(identity_synapses(decompose(graph)), inputs))


def test_recompose_keeps_parallel_edges():
    graph = decompose(residual_net(levels=2).graph)
    twice = [Edge(f"stem_mlf_l{k}", "s0b0_1_conv") for k in (1, 2)]
    doubled = recompose(graph.replace(edges=(*graph.edges, *twice)))
    assert doubled.into("s0b0_1_conv") == (Edge("stem_mlf", "s0b0_1_conv"),) * 2
    uneven = recompose(graph.replace(edges=(*graph.edges, twice[1])))
    assert "stem_mlf_l1" in uneven.nodes and "stem_mlf" not in uneven.nodes


def test_recompose_keeps_channels_that_do_not_belong_together():
    graph = decompose(residual_net(levels=2).graph)
    cut = graph.replace(edges=tuple(e for e in graph.edges if e.source != "stem_mlf_l2"))
    assert "stem_mlf_l1" in recompose(cut).nodes and "stem_mlf" not in recompose(cut).nodes


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
    with pytest.raises(InputError, match="Pool 'pool' has no Loihi integers and does not fold"):
        quantise(run_passes(graph, LOIHI_CHANNELS))


def test_the_papers_vgg_has_no_pool_left():
    torch.manual_seed(0)
    whole = trace(build("vgg16", width=2, hidden=(8, 6), timesteps=2).eval(), (3, 32, 32))
    graph = run_passes(whole, LOIHI_CHANNELS)
    assert not graph.of_type(Pool, Flatten)
    for compiled in (graph, from_nir(to_nir(graph))):  # the ANN twin keeps its pools
        for node in whole.of_type(Conv2d, Linear):
            assert dense_macs(compiled, node.name) == dense_macs(whole, node.name) > 0
            assert dense_inputs(compiled, node.name) == dense_inputs(whole, node.name) > 0
    assert [c.weight.shape[2] for c in graph.of_type(Conv2d)] == [3, 3, 6, 3, 6, 3, 3, 6, 3, 3, 6, 3, 3]


@given(residual_nets)
def test_balanced_delays_align_every_port(sample):
    graph = balance_delays(decompose(fold_norm(sample.graph)))
    depth = depths(graph)
    for edge in graph.edges:
        arrival = depth[edge.source] + edge.delay
        assert all(depth[e.source] + e.delay == arrival for e in graph.into(edge.target))
    for node in graph.of_type(LIF):
        assert depth[node.name] == depth[graph.into(node.name)[0].source]


def test_known_depths_of_an_identity_and_a_downsample_block():
    depth = depths(run_passes(residual_net(widths=(4, 6)).graph, LOIHI_CHANNELS))
    expected = {"stem_mlf": 1, "s0b0_1_mlf": 2, "s0b0_2_mlf": 3, "s1b0_1_mlf": 4, "s1b0_sc_mlf": 4, "s1b0_2_mlf": 5}
    assert {name: depth[f"{name}_l1"] for name in expected} == expected
    assert depth["readout"] == 6


def test_a_removed_delay_is_refused_and_named():
    graph = run_passes(residual_net().graph, LOIHI_CHANNELS)
    late = next(e for e in graph.edges if e.delay)
    broken = graph.replace(edges=tuple(Edge(e.source, e.target) if e is late else e for e in graph.edges))
    with pytest.raises(InputError, match=f"{late.source} -> {late.target}"):
        check_balance(broken)
