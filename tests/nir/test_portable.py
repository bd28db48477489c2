"""The form that all importers get right computes the same, and the compact form comes back from it."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from snnhw.graph.ir import Conv2d, Edge, Graph, Input, LoihiLIF, Readout
from snnhw.nir.portable import (
    bias_carriers,
    bias_in_weights,
    channel_bias,
    dense_weight,
    describe_form,
    portable,
    restored,
)


@st.composite
def convolutions(draw):
    """Any kernel, padding, dilation and groups on four channels of 9x9."""
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    groups = draw(st.sampled_from([1, 2, 4]))
    kernel = (draw(st.integers(1, 4)), draw(st.integers(1, 4)))
    pair = st.tuples(st.integers(1, 2), st.integers(1, 2))
    stride, dilation, padding = draw(pair), draw(pair), draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    size = tuple(
        (9 + 2 * p - d * (k - 1) - 1) // s + 1 for p, d, k, s in zip(padding, dilation, kernel, stride, strict=True)
    )
    return Conv2d(
        name="conv", shape=(4, *size), weight=rng.integers(-9, 10, (4, 4 // groups, *kernel)).astype(float),
        stride=stride, padding=padding, dilation=dilation, groups=groups,
    )  # fmt: skip


def sent(conv, x):
    return torch.nn.functional.conv2d(
        x, torch.from_numpy(conv.weight), None, conv.stride, conv.padding, conv.dilation, conv.groups
    ).numpy()


@given(convolutions(), st.integers(0, 2**31))
def test_the_portable_form_computes_the_same(conv, seed):
    x = torch.from_numpy(np.random.default_rng(seed).integers(-9, 10, (2, 4, 9, 9)).astype(float))
    form = portable(conv)
    np.testing.assert_array_equal(sent(form, x), sent(conv, x))
    height, width = form.weight.shape[2:]
    assert form.groups == 1 and (height == width or (height - width) % 2 == 1)


@given(convolutions())
def test_the_compact_form_comes_back(conv):
    form = describe_form(conv)
    if form is None:
        assert conv.groups == 1 and conv.weight.shape[2] == conv.weight.shape[3]
        np.testing.assert_array_equal(portable(conv).weight, conv.weight)
        return
    again = restored(portable(conv), form)
    np.testing.assert_array_equal(again.weight, conv.weight)
    assert (again.groups, again.padding, again.dilation) == (conv.groups, conv.padding, conv.dilation)


@given(
    convolutions(),
    st.fixed_dictionaries(
        {},
        optional={
            "groups": st.integers(-2, 5) | st.none(),
            "kernel": st.lists(st.integers(-2, 5), max_size=3),
            "padding": st.lists(st.integers(-2, 5), max_size=3) | st.text(max_size=2),
        },
    ),
)
def test_a_description_that_does_not_lead_back_changes_no_function(conv, form):
    dense = portable(conv)
    found = restored(dense, form)
    if found is not dense:
        np.testing.assert_array_equal(portable(found).weight, dense.weight)
        assert portable(found).padding == dense.padding


def test_a_weight_that_another_tool_filled_in_between_the_groups_stays_dense():
    conv = Conv2d(name="conv", shape=(4, 9, 9), weight=np.ones((4, 2, 1, 1)), groups=2)
    dense = portable(conv)
    changed = dataclasses.replace(dense, weight=dense.weight + np.eye(4)[::-1][:, :, None, None])
    assert restored(changed, describe_form(conv)) is changed
    np.testing.assert_array_equal(dense_weight(conv)[:, :, 0, 0], np.kron(np.eye(2), np.ones((2, 2))))


SHAPE = (2, 3, 3)


def neuron(name, bias, exponent=6):
    mantissa = np.asarray(bias).reshape(-1, 1, 1)
    return LoihiLIF(name=name, shape=SHAPE, threshold=9, du=4095, dv=0, bias_mant=mantissa, bias_exp=exponent)


@st.composite
def wired(draw):
    """Three synapses that feed three neurons anyhow, with biases that are often equal."""
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    names = ["a", "b", "c"]
    nodes = [Input(name="input", shape=SHAPE, scale=1.0), Readout(name="readout", shape=SHAPE, reduction="sum")]
    edges = []
    for name in names:
        biased = np.zeros(2) if draw(st.integers(0, 3)) == 0 else None
        nodes.append(Conv2d(name=f"{name}_conv", shape=SHAPE, weight=rng.integers(1, 9, (2, 2, 1, 1)), bias=biased))
        edges.append(Edge("input", f"{name}_conv"))
        nodes.append(neuron(name, draw(st.sampled_from([[0, 0], [3, -4], [5, 5]]))))
        edges.append(Edge(name, "readout"))
        targets = draw(st.sets(st.sampled_from([*names, "readout"]), min_size=1, max_size=3))
        gain = draw(st.sampled_from([1, 1, 1, 2]))
        edges += [Edge(f"{name}_conv", target, gain) for target in sorted(targets)]
    return Graph.build(nodes, edges, 1)


@given(wired())
def test_no_neuron_gets_a_bias_twice_and_none_gets_one_that_is_not_its_own(graph):
    """What each neuron receives, summed over all synapses that carry one."""
    carriers = bias_carriers(graph)
    received = Counter()
    for synapse, holder in carriers.items():
        assert graph.nodes[synapse].bias is None  # its own would be lost
        for edge in graph.out_of(synapse):
            received[edge.target] += edge.gain
            target = graph.nodes[edge.target]
            np.testing.assert_array_equal(bias_in_weights(target), bias_in_weights(graph.nodes[holder]))
    assert set(received.values()) <= {1} and "readout" not in received


def test_a_bias_that_every_channel_has_of_its_own_is_carried_and_one_per_position_is_not():
    nodes = [
        Input(name="input", shape=SHAPE, scale=1.0),
        Conv2d(name="conv", shape=SHAPE, weight=np.ones((2, 2, 1, 1))),
    ]
    nodes += [neuron("n", [3, -4]), Readout(name="readout", shape=SHAPE, reduction="sum")]
    graph = Graph.build(nodes, [("input", "conv"), ("conv", "n"), ("n", "readout")], 1)
    assert bias_carriers(graph) == {"conv": "n"}
    np.testing.assert_array_equal(channel_bias(graph.nodes["n"], np.dtype(np.float32)), [3, -4])
    own = dataclasses.replace(graph.nodes["n"], bias_mant=np.arange(18).reshape(SHAPE))
    assert bias_carriers(graph.replace(nodes={**graph.nodes, "n": own})) == {}


@pytest.mark.parametrize(
    ("mantissa", "exponent", "units"), [(3, 6, 3.0), (3, 5, 1.5), (-3, 0, -3 / 64), (4095, 7, 8190.0)]
)
def test_a_bias_in_weight_units_is_its_membrane_units_over_sixty_four(mantissa, exponent, units):
    assert (bias_in_weights(neuron("n", [mantissa], exponent)) == units).all()
    assert (channel_bias(neuron("n", [mantissa], exponent), np.dtype(np.float64)) == [units, units]).all()
