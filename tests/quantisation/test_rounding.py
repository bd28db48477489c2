"""Rounding with compensation: limits kept, the current closer than with nearest rounding, the mean current exact."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.graph.ir import LIF, Conv2d, Graph, Input, Linear, Readout
from snnhw.passes import compile_channels
from snnhw.quantisation.code_input import code_input
from snnhw.quantisation.compile import compile_loihi
from snnhw.quantisation.dequantise import dequantise
from snnhw.quantisation.moments import Moments, measure_moments
from snnhw.quantisation.quantise import quantise
from snnhw.quantisation.rounding import even_weights, rounded_weights
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from tests.nets import residual_net, residual_nets


def moments_of(x):
    """Moments of windows x [windows, G, D]."""
    grouped = x.transpose(1, 0, 2)
    return Moments(len(x), grouped.transpose(0, 2, 1) @ grouped)


@st.composite
def layers(draw):
    """Weights [O, D] of one or two groups, scales, and correlated non-negative windows."""
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    groups, out, size = draw(st.sampled_from([1, 2])), 2 * draw(st.integers(1, 4)), draw(st.integers(1, 40))
    weight = rng.normal(size=(out, size))
    shared = rng.poisson(1.0, (400, groups, 1))
    windows = shared + rng.poisson(draw(st.sampled_from([0.0, 0.5])), (400, groups, size))
    return weight, rng.uniform(5, 400, out), windows.astype(float)


@given(layers())
def test_any_layer_keeps_the_limits_of_weights_and_current(layer):
    weight, scale, windows = layer
    integers = rounded_weights(weight, scale, moments_of(windows))
    assert integers.dtype == np.int32 and (integers % 2 == 0).all() and np.abs(integers).max() <= 254
    wanted = np.abs(weight * scale[:, None])
    assert (np.abs(integers).sum(axis=1) <= wanted.sum(axis=1) + weight.shape[1]).all()


def test_independent_inputs_are_rounded_to_the_nearest():
    rng = np.random.default_rng(0)
    weight, scale = rng.normal(size=(6, 20)), np.full(6, 40.0)
    moments = Moments(10**9, 10**9 * np.eye(20)[None])
    assert np.array_equal(rounded_weights(weight, scale, moments), even_weights(weight, scale))


def test_alike_inputs_lose_much_less():
    rng = np.random.default_rng(1)
    weight, scale = rng.normal(size=(8, 72)), np.full(8, 60.0)
    windows = rng.poisson(1.0, (4000, 1, 1)) + rng.poisson(0.2, (4000, 1, 72))
    moments = moments_of(windows.astype(float))

    def error(integers):
        return np.square((weight - integers / scale[:, None]) @ windows[:, 0].T).mean()

    assert error(rounded_weights(weight, scale, moments)) < 0.25 * error(even_weights(weight, scale))
    assert np.array_equal(rounded_weights(weight, scale, None), even_weights(weight, scale))


@pytest.mark.parametrize("groups", [1, 2])
def test_moments_are_those_of_the_windows_that_a_convolution_sees(groups):
    """Against torch: the mean square of the output is w E[x x^T] w^T."""
    sample = residual_net(1, groups=groups)
    graph = compile_channels(sample.graph)
    moments = measure_moments(graph, sample.inputs)
    raster = simulate(graph, sample.inputs, raster=True).raster
    for name, arriving in (("s0b0_1_conv", ["stem_mlf"]), ("s1b0_1_conv", ["stem_mlf", "s0b0_2_mlf"])):
        conv = graph.nodes[name]
        x = torch.as_tensor(sum(raster[u].sum(axis=2) for u in arriving), dtype=torch.float64).flatten(0, 1)
        y = F.conv2d(x, torch.as_tensor(conv.weight), None, conv.stride, conv.padding, 1, conv.groups).numpy()
        rows = np.split(conv.weight.reshape(len(conv.weight), -1), groups)
        found = moments[name]
        squares = np.concatenate([((r @ p) * r).sum(axis=1) for r, p in zip(rows, found.products, strict=True)])
        np.testing.assert_allclose(squares / found.windows, (y**2).mean(axis=(0, 2, 3)), rtol=1e-6)


@settings(max_examples=8, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(residual_nets)
def test_floats_of_the_integers_fire_as_the_integers_do(sample):
    """Only the truncation of the membrane, below 1/64 weight unit a step, is left between them."""
    quantised = compile_loihi(sample.graph, sample.inputs, per_channel=sample.graph.timesteps % 2 == 0)
    floats = dequantise(compile_channels(sample.graph), quantised)
    entering = quantised.graph.input
    rounded = entering.coded(sample.inputs) / entering.scale
    a = simulate(floats, rounded, execution=DOUBLE, raster=True).raster
    b = simulate(quantised.graph, sample.inputs, raster=True).raster
    wrong = {unit: (a[unit] != b[unit]).mean() for unit in a}
    assert wrong["stem_mlf"] < 0.005 and all(share < 0.03 for share in wrong.values()), wrong


def test_single_layers_can_be_put_into_integers():
    sample = residual_net(3)
    channels = compile_channels(sample.graph)
    quantised = compile_loihi(sample.graph, sample.inputs)
    one = dequantise(channels, quantised, ["s0b0_1_mlf"])
    changed = {n for n in channels.nodes if one.nodes[n] is not channels.nodes[n]}
    assert changed == {"input", "s0b0_1_conv", *(f"s0b0_1_mlf_l{k}" for k in (1, 2, 3))}
    with pytest.raises(InputError, match="not in both graphs"):
        dequantise(compile_channels(residual_net(3, widths=(4,)).graph), quantised)


def test_each_layer_alone_changes_fewer_spikes_than_with_nearest_rounding():
    """Where the windows are spikes; those of the stem are random numbers, which have nothing in common."""
    sample = residual_net(0, widths=(8, 12), samples=16)
    graph = compile_channels(sample.graph)
    moments = measure_moments(graph, sample.inputs)
    coded = code_input(graph, sample.inputs, moments)
    made = {kind: quantise(coded, moments=m) for kind, m in (("nearest", None), ("compensated", moments))}
    floats = simulate(graph, sample.inputs, raster=True).raster
    wrong = {"nearest": 0, "compensated": 0}
    for unit in ("s0b0_1_mlf", "s0b0_2_mlf", "s1b0_1_mlf", "s1b0_2_mlf", "s1b0_sc_mlf"):
        for kind, quantised in made.items():
            alone = simulate(dequantise(graph, quantised, [unit]), sample.inputs, raster=True)
            wrong[kind] += int((alone.raster[unit] != floats[unit]).sum())
    assert wrong["compensated"] < 0.8 * wrong["nearest"]


def test_thresholds_of_every_channel_are_kept():
    sample = residual_net(4)
    quantised = compile_loihi(sample.graph, sample.inputs, per_channel=True)
    floats = dequantise(compile_channels(sample.graph), quantised)
    for node in floats.of_type(LIF):
        back = (quantised.graph.nodes[node.name].threshold + 1 / 128) / quantised.scales[node.unit][:, None, None]
        assert np.allclose(node.threshold, back)
    assert all(n.weight.dtype == np.float64 for n in floats.of_type(Conv2d, Linear))


def with_input(graph, **changes):
    return graph.replace(
        nodes=[dataclasses.replace(n, **changes) if n is graph.input else n for n in graph.nodes.values()]
    )


def test_counts_and_grey_levels_are_coded_exactly():
    graph = compile_channels(residual_net().graph)
    rng = np.random.default_rng(0)
    for values in (rng.integers(0, 13, (8, 2, 6, 6)).astype(float), rng.integers(0, 17, (8, 2, 6, 6)) / 16):
        node = code_input(graph, values).input
        assert np.array_equal(node.coded(values) / node.scale, values)


def test_few_bits_are_chosen_where_the_first_weights_need_the_room():
    """With 400 inputs per neuron, 8 bits leave weights of -2..2 below |a| < 2^17."""
    weight = np.random.default_rng(0).normal(size=(3, 400))
    nodes = [
        Input(name="input", shape=(400,)),
        Linear(name="first", shape=(3,), weight=weight),
        LIF(name="unit", shape=(3,), decay=0.5, threshold=1.0),
        Linear(name="head", shape=(2,), weight=np.ones((2, 3))),
        Readout(name="readout", shape=(2,)),
    ]
    graph = Graph.build(nodes, list(pairwise(n.name for n in nodes)), 2)
    values = np.random.default_rng(1).normal(size=(50, 400))
    coded = code_input(graph, values)
    assert 4 <= coded.input.bits < 8

    def error(coded):
        made = quantise(coded)
        scale = made.scales["unit"][0]
        return np.square(
            coded.input.coded(values) @ made.graph.nodes["first"].weight.T / scale - values @ weight.T
        ).mean()

    wide = with_input(graph, scale=127 / np.abs(values).max())
    assert error(coded) < 0.8 * error(wide)


def test_values_that_cannot_be_coded_are_refused():
    graph = compile_channels(residual_net().graph)
    for bad in (np.zeros((1, 2, 6, 6)), np.full((1, 2, 6, 6), np.nan)):
        with pytest.raises(InputError, match="finite and not all zero"):
            code_input(graph, bad)
    with pytest.raises(InputError, match="'input' has no scale; run code_input"):
        quantise(graph)
