"""Wires: what they carry, and which of them are channels or borders; against NumPy's own indexing."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from snnhw.analysis.counting.fanout import fanout
from snnhw.graph.ir import Graph, Input, Readout, Wires
from snnhw.proofs.interval import Interval
from snnhw.proofs.value_bounds import SENT
from snnhw.simulation.synapses import apply_node

SHAPE = (3, 2, 4)
NUMBERS = np.arange(math.prod(SHAPE)).reshape(SHAPE)


def wires(source: np.ndarray) -> Wires:
    return Wires(name="w", shape=source.shape, source=source, taken=SHAPE)


@st.composite
def any_wires(draw) -> Wires:
    shape = draw(st.sampled_from([(2, 3, 3), (24,), (1, 1, 5), (4, 2)]))
    seed = draw(st.integers(0, 2**16))
    return wires(np.random.default_rng(seed).integers(-1, NUMBERS.size, shape))


@given(any_wires(), st.integers(0, 2**16))
def test_each_element_is_one_of_those_that_arrive_or_0(node, seed):
    x = np.random.default_rng(seed).normal(size=(2, 3, *SHAPE))
    sent = apply_node(node, torch.as_tensor(x)).numpy()
    for t, b in np.ndindex(2, 3):
        flat = np.append(x[t, b].ravel(), 0)
        np.testing.assert_array_equal(sent[t, b], flat[node.source])
    assert node.sent_shape(SHAPE) == node.shape and node.sent_shape((24,)) is None


@given(any_wires(), st.integers(0, 2**16))
def test_bounds_hold_every_value_that_is_sent(node, seed):
    rng = np.random.default_rng(seed)
    ends = np.sort(rng.normal(size=(2, SHAPE[0])), axis=0)
    x = rng.uniform(ends[0][:, None, None], ends[1][:, None, None], SHAPE)
    graph = Graph.build([Input(name="input", shape=SHAPE), node, Readout(name="out", shape=node.shape)], [], 1)
    bounds = SENT[Wires](graph, node, Interval(ends[0], ends[1]))
    sent = np.append(x.ravel(), 0)[node.source].reshape(node.shape[0], -1)
    assert (sent >= bounds.low[:, None]).all() and (sent <= bounds.high[:, None]).all()


@given(any_wires())
def test_a_spike_reaches_as_many_positions_as_wires_start_from_it(node):
    expected = np.array([(node.source == i).sum() for i in range(NUMBERS.size)]).reshape(SHAPE)
    np.testing.assert_array_equal(fanout([node], SHAPE), expected)
    assert node.copies == (expected > 1).any()


def test_whole_channels_are_recognised():
    order = np.array([2, -1, 0, 1, -1])
    source = np.where(order[:, None, None] < 0, -1, NUMBERS[order])
    found = wires(source).channels
    assert found is not None and found.tolist() == order.tolist()
    for other in (NUMBERS[:, ::-1], np.roll(NUMBERS, 1), NUMBERS.reshape(3, 4, 2), np.where(NUMBERS % 2, NUMBERS, -1)):
        assert wires(other).channels is None


@pytest.mark.parametrize(("rows", "columns"), [(0, 0), (1, 0), (2, 3)])
def test_an_equal_border_is_recognised(rows, columns):
    padded = np.pad(NUMBERS, ((0, 0), (rows, rows), (columns, columns)), constant_values=-1)
    assert wires(padded).border == (rows, columns)
    assert wires(padded[:, ::-1]).border is None
    assert wires(np.pad(NUMBERS, ((0, 0), (1, 0), (0, 0)), constant_values=-1)).border is None


@given(any_wires(), st.integers(0, 2**16))
def test_one_after_the_other_is_one(first, seed):
    source = np.random.default_rng(seed).integers(-1, first.size, (2, 5))
    second = Wires(name="second", shape=(2, 5), source=source, taken=first.shape)
    x = torch.randn(1, 1, *SHAPE, dtype=torch.float64)
    assert torch.equal(apply_node(first.then(second), x), apply_node(second, apply_node(first, x)))
    assert first.then(second).name == "second" and wires(NUMBERS).changes_nothing and not first.changes_nothing
