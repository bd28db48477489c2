"""Convolution event by event equals the dense product: exactly where sums are exact, up to rounding elsewhere."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from snnhw import native
from snnhw.graph.ir import MLF, Conv2d, Graph, Input, Readout
from snnhw.simulation import events
from snnhw.simulation.engine import simulate
from snnhw.simulation.events import carries_events, convolve_events
from snnhw.simulation.execution import Execution
from snnhw.simulation.plan import plan_of
from snnhw.simulation.synapses import apply_node
from tests.nets import residual_net

CHANNELS = st.sampled_from([1, 3, 16, 31, 32, 33, 64, 70])


@st.composite
def convolutions(draw):
    """(node, in channels, height, width): every geometry, integer weights."""
    channels, out = draw(CHANNELS), draw(CHANNELS)
    height, width = draw(st.integers(1, 12)), draw(st.integers(1, 70))
    pairs = {
        name: (draw(sizes), draw(sizes))
        for name, sizes in {
            "kernel": st.integers(1, 4), "stride": st.integers(1, 3), "padding": st.integers(0, 3),
            "dilation": st.integers(1, 2),
        }.items()
    }  # fmt: skip
    kernel = pairs.pop("kernel")
    rows, columns = (
        (size + 2 * p - d * (k - 1) - 1) // s + 1
        for size, k, s, p, d in zip(
            (height, width), kernel, pairs["stride"], pairs["padding"], pairs["dilation"], strict=True
        )
    )
    assume(rows > 0 and columns > 0)
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    weight = rng.integers(-128, 128, (out, channels, *kernel)).astype(np.float32)
    bias = rng.integers(-9, 9, out).astype(np.float32) if draw(st.booleans()) else None
    return Conv2d(name="c", shape=(out, rows, columns), weight=weight, bias=bias, **pairs), channels, height, width


def spikes(channels, height, width, share, dtype, seed=0, frames=(2, 2)):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randint(1, 5, (*frames, channels, height, width), generator=generator)
    return (x * (torch.rand(x.shape, generator=generator) < share)).to(dtype)


@given(
    case=convolutions(),
    share=st.sampled_from([0.0, 0.05, 0.5, 1.0]),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    seed=st.integers(0, 2**31),
)
def test_equals_the_dense_product(case, share, dtype, seed):
    node, *size = case
    x = spikes(*size, share, dtype, seed)
    assert native.usable(events.SOURCE, x), "the C loops did not compile"
    assert torch.equal(convolve_events(node, x), apply_node(node, x))


def test_a_frame_gets_the_same_bits_in_any_batch_and_on_any_number_of_threads():
    rng = np.random.default_rng(0)
    weight = rng.normal(size=(70, 40, 3, 3)).astype(np.float32)
    node = Conv2d(name="c", shape=(70, 9, 9), weight=weight, padding=(1, 1))
    x = spikes(40, 9, 9, 0.3, torch.float32, frames=(4, 6))
    whole, threads = convolve_events(node, x), torch.get_num_threads()
    torch.testing.assert_close(whole, apply_node(node, x), rtol=1e-5, atol=1e-4)
    try:
        for number in (1, 3):
            torch.set_num_threads(number)
            single = torch.stack([convolve_events(node, x[:, b : b + 1])[:, 0] for b in range(6)], dim=1)
            assert torch.equal(single, whole)
    finally:
        torch.set_num_threads(threads)


def test_without_a_compiler_or_for_huge_frames_the_dense_product_is_taken(monkeypatch):
    node = Conv2d(name="c", shape=(5, 4, 4), weight=np.ones((5, 3, 3, 3), np.float32), padding=(1, 1))
    x = spikes(3, 4, 4, 0.5, torch.float32)
    expected = convolve_events(node, x)
    monkeypatch.setattr(events, "LARGEST_FRAME", 0)
    assert torch.equal(convolve_events(node, x), expected)
    monkeypatch.undo()
    monkeypatch.setenv("SNNHW_NATIVE", "0")
    native.library.cache_clear()
    assert not native.usable(events.SOURCE, x)
    assert torch.equal(convolve_events(node, x), expected)
    monkeypatch.undo()
    native.library.cache_clear()


def test_only_ungrouped_convolutions_of_spikes_run_event_by_event():
    shape = (4, 5, 5)
    conv = Conv2d(name="first", shape=shape, weight=np.ones((4, 4, 3, 3)), padding=(1, 1))
    nodes = [
        Input(name="input", shape=shape),
        conv,
        MLF(name="unit", shape=shape, thresholds=(0.5,), decay=0.25),
        dataclasses.replace(conv, name="second"),
        MLF(name="unit2", shape=shape, thresholds=(0.5,), decay=0.25),
        dataclasses.replace(conv, name="grouped", weight=np.ones((4, 1, 3, 3)), groups=4),
        Readout(name="readout", shape=shape),
    ]
    names = [node.name for node in nodes]
    graph = Graph.build(nodes, list(pairwise(names)), timesteps=2)
    assert [carries_events(graph, name) for name in names] == [False, False, False, True, False, False, False]
    assert [step.events for step in plan_of(graph)] == [False, False, False, True, False, False, False]


@pytest.mark.parametrize("batch_size", [1, 3, 8])
def test_records_do_not_depend_on_the_batch_size(batch_size):
    graph = residual_net(3).graph
    images = np.random.default_rng(0).normal(size=(8, *graph.input.shape)).astype(np.float32)
    whole, parts = (simulate(graph, images, execution=Execution(batch_size=size)) for size in (8, batch_size))
    for name, unit in whole.units.items():
        assert (unit.levels == parts.units[name].levels).all()
        assert (unit.graded_spikes == parts.units[name].graded_spikes).all()
