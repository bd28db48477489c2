"""The largest integers of a graph: reached exactly by the worst input of one layer, and never exceeded in a network."""

from __future__ import annotations

import dataclasses
from itertools import pairwise, product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from snnhw.graph.ir import Conv2d, Edge, Flatten, Graph, Input, Linear, LoihiLIF, Pool, Readout
from snnhw.proofs.largest import highest_current, largest_input, largest_output
from tests.graph.strategies import SEEDS, integer_graphs


def neuron(name: str, shape: tuple[int, ...]) -> LoihiLIF:
    return LoihiLIF(name=name, shape=shape, threshold=9, du=4095, dv=3072, bias_mant=np.zeros(1, np.int16), bias_exp=0)


def chain(*nodes, edges=None) -> Graph:
    nodes = [*nodes, Readout(name="readout", shape=nodes[-1].shape, reduction="sum")]
    return Graph.build(nodes, edges or list(pairwise(n.name for n in nodes)), 1)


@given(SEEDS, st.integers(1, 4), st.booleans())
def test_a_matrix_reaches_its_bound_at_a_corner_of_its_inputs(seed, bits, biased):
    """All corners of the inputs, one by one."""
    rng = np.random.default_rng(seed)
    weight, bias = rng.integers(-127, 128, (3, 4)) * 2, rng.integers(-99, 100, 3)
    graph = chain(
        Input(name="input", shape=(4,), scale=1.0, bits=bits),
        Linear(name="fc", shape=(3,), weight=weight, bias=bias if biased else None),
        neuron("n", (3,)),
    )
    limit = 2 ** (bits - 1)
    reached = max(
        int(abs(weight @ np.array(x) + (bias if biased else 0)).max()) for x in product((-limit, limit), repeat=4)
    )
    assert largest_output(graph, "fc") == largest_input(graph, "n") == reached


def test_spikes_reach_the_bound_of_a_convolution_where_all_of_them_fire():
    """A window of ones, two levels behind a gain of 3: every tap brings 3 from each of two channels and two levels."""
    shape = (2, 5, 5)
    nodes = [
        Input(name="input", shape=shape, scale=1.0),
        neuron("a", shape),
        neuron("b", shape),
        Conv2d(name="conv", shape=(1, 3, 3), weight=np.full((1, 2, 3, 3), -4)),
        Pool(name="pool", shape=(1, 1, 1), kind="sum", kernel=(3, 3), stride=(3, 3)),
        Linear(name="fc", shape=(1,), weight=np.full((1, 1), 2)),
    ]
    edges = [
        ("input", "a"), ("input", "b"), Edge("a", "conv", 3), Edge("b", "conv", -3), ("conv", "pool"), ("pool", "fc"),
        ("fc", "readout"),
    ]  # fmt: skip
    graph = chain(*nodes, edges=edges)
    ones = torch.full((1, 2, 5, 5), 3.0) * 2
    expected = torch.nn.functional.conv2d(ones, torch.full((1, 2, 3, 3), -4.0)).abs()
    assert largest_input(graph, "conv") == 6
    assert largest_output(graph, "conv") == expected.max() == 6 * 4 * 18
    assert largest_output(graph, "pool") == expected.sum()
    assert largest_output(graph, "fc") == 2 * expected.sum()


@given(integer_graphs(), SEEDS)
def test_no_product_of_a_random_network_exceeds_its_bound(graph, seed):
    """Every convolution with inputs drawn at the ends of what its source can send."""
    rng = np.random.default_rng(seed)
    levels = len(graph.units()["first"])
    limit = 2 ** (graph.input.bits - 1)
    entering = {"conv1": (-limit, limit - 1), "conv2": (0, levels), "short": (0, levels)}
    for name, ends in entering.items():
        conv = graph.nodes[name]
        x = torch.from_numpy(rng.choice(ends, (4, 2, 4, 4)).astype(float))
        sent = torch.nn.functional.conv2d(x, torch.from_numpy(conv.weight.astype(float)), padding=conv.padding)
        assert sent.abs().max() <= largest_output(graph, name)
    assert largest_input(graph, "second_l1") == largest_output(graph, "conv2") + largest_output(graph, "short")


@pytest.mark.parametrize(("bias", "largest"), [(0.5, 9), (-0.5, 9), (-1.0, 9), (1.25, 10)])
def test_a_bias_between_integers_counts_as_the_next_one(bias, largest):
    graph = chain(
        Input(name="input", shape=(1,), scale=1.0, bits=3),
        Linear(name="fc", shape=(1,), weight=np.full((1, 1), 2), bias=np.array([bias])),
    )
    assert largest_output(graph, "fc") == largest


def test_the_bound_sees_through_what_only_moves_or_adds():
    """An image behind a Flatten, spikes behind a sum pool, a bias: all of them enlarge what a sum can reach."""
    neuron_ = {"du": 4095, "dv": 3072, "bias_mant": np.zeros(1, np.int16), "bias_exp": 0}
    nodes = [
        Input(name="input", shape=(2, 4, 4), scale=1.0, bits=16),
        Flatten(name="flat", shape=(32,)),
        Linear(name="fc", shape=(8,), weight=np.full((8, 32), 2, np.int32), bias=np.full(8, -5.0)),
        LoihiLIF(name="u", shape=(8, 1, 1), threshold=1, **neuron_),
        Pool(name="pool", shape=(8, 1, 1), kind="sum", kernel=(3, 3), stride=(1, 1), padding=(1, 1)),
        Linear(name="out", shape=(1,), weight=np.full((1, 8), 4, np.int32)),
        Readout(name="readout", shape=(1,), reduction="sum"),
    ]
    graph = Graph.build(nodes, [(a.name, b.name) for a, b in pairwise(nodes)], 1)
    assert largest_output(graph, "fc") == largest_input(graph, "u") == 64 * 2**15 + 5
    assert largest_output(graph, "out") == 8 * 4 * 9


@given(SEEDS, st.integers(1, 4095), st.integers(1, 5))
def test_a_current_reaches_its_bound_in_the_channel_where_start_and_weights_add_up_to_most(seed, kept, timesteps):
    """The recurrence in floats, in each channel with the worst input and from the side on which it starts."""
    rng = np.random.default_rng(seed)
    weight, start = rng.integers(-127, 128, (3, 4)) * 2, rng.integers(-(2**20), 2**20, 3)
    fed = dataclasses.replace(neuron("n", (3,)), du=4095 - kept, current_start=start)
    nodes = [Input(name="input", shape=(4,), scale=1.0, bits=4), Linear(name="fc", shape=(3,), weight=weight), fed]
    graph = dataclasses.replace(chain(*nodes), timesteps=timesteps)
    current, highest = np.abs(start) / 64, 0.0
    for _ in range(timesteps):
        current = current * kept / 4096 + np.abs(weight).sum(axis=1) * 8
        highest = max(highest, current.max())
    bound = highest_current(graph, fed)
    assert bound >= highest - 1e-6
    first_or_late = np.abs(start) / 64 * kept / 4096 + np.abs(weight).sum(axis=1) * 8 * sum(
        (kept / 4096) ** t for t in range(timesteps)
    )
    assert bound == pytest.approx(first_or_late.max(), abs=1)
