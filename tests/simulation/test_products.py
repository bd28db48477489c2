"""Products as they run: values, and how often spikes meet in them, by plain loops over events."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.graph.ir import LIF, Delay, Edge, Graph, Input, LoihiLIF, Product, Readout
from snnhw.proofs.largest import largest_output
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.simulation.products import meetings, products_of_spikes
from snnhw.simulation.synapses import apply_node

STEPS = 3


def of_events(groups: int, rows: int, inner: int, columns: int, levels: int, *, loop: bool = False) -> Graph:
    """A product of two halves of an input of events; with `loop`, neurons that hear themselves take what it sends."""
    product = Product(name="product", shape=(groups, rows, columns), inner=inner)
    nodes = [
        Input(name="input", shape=(sum(product.sizes),), levels=levels),
        product,
        Readout(name="end", shape=product.shape, reduction="sum"),
    ]
    edges = [Edge("input", "product"), Edge("product", "end")]
    if loop:
        nodes += [LIF(name="echo", shape=product.shape, decay=0.5, threshold=1.0)]
        nodes += [Delay(name="late", shape=product.shape, steps=1)]
        edges += [Edge("product", "echo"), Edge("echo", "late"), Edge("late", "echo"), Edge("echo", "end")]
    return Graph.build(nodes, edges, STEPS)


def by_loops(left: np.ndarray, right: np.ndarray) -> tuple[int, int]:
    """(events, synops) of left [groups, rows, inner] and right [groups, inner, columns], one pair after the other."""
    events = synops = 0
    for g, _, d in (found := [tuple(p) for p in np.argwhere(left)]):
        for h, e, _ in (tuple(p) for p in np.argwhere(right)):
            events += (g, d) == (h, e)
    for place in found:
        g, _, d = place
        synops += sum(int(left[place] * right[g, d, m]) for m in range(right.shape[2]))
    return events, synops


@settings(max_examples=25, deadline=None)
@given(
    sizes=st.tuples(*[st.integers(1, 3)] * 4), levels=st.integers(1, 3), static=st.booleans(), seed=st.integers(0, 99)
)
def test_pairs_that_meet_are_those_of_plain_loops(sizes, levels, static, seed):
    graph = of_events(*sizes, levels)
    node = graph.nodes["product"]
    x = np.random.default_rng(seed).integers(0, levels + 1, (2, 1 if static else STEPS, sum(node.sizes)))
    record = simulate(graph, x[:, 0] if static else x, execution=DOUBLE)
    met, split = record.products["product"], node.sizes[0]
    logits = np.zeros((2, *node.shape))
    for t in range(STEPS):
        expected = np.zeros(2, int)
        for n in range(2):
            frame = x[n, min(t, x.shape[1] - 1)]
            left, right = frame[:split].reshape(node.left), frame[split:].reshape(node.right)
            expected += by_loops(left, right)
            logits[n] += left @ right
        assert (met.events[t], met.synops[t]) == tuple(expected)
    assert np.array_equal(record.logits, logits)
    if node.inner == 1:  # it sends spikes, which are recorded as those of a unit
        assert np.array_equal(record.units["product"].spikes, logits.sum(axis=0))


@pytest.mark.parametrize("inner", [1, 3])
def test_step_by_step_spikes_meet_as_in_all_steps_at_once(inner):
    graph, again = of_events(2, 2, inner, 2, 2), of_events(2, 2, inner, 2, 2, loop=True)
    x = np.random.default_rng(0).integers(0, 3, (3, STEPS, *graph.input.shape))
    once, stepped = simulate(graph, x, raster=True), simulate(again, x, raster=True)
    for key in ("events", "synops"):
        assert np.array_equal(*(getattr(r.products["product"], key) for r in (once, stepped)))
    if inner == 1:
        assert np.array_equal(once.raster["product"], stepped.raster["product"])
    several = [simulate(graph, x[i : i + 1]).products["product"] for i in range(3)]
    total, met = several[0] + several[1] + several[2], once.products["product"]
    assert np.array_equal(met.events, total.events) and np.array_equal(met.synops, total.synops)
    assert (met.at(1).events, met.at(1).synops) == ([met.events[1]], [met.synops[1]])
    assert met.synops.sum() > met.events.sum() > 0


@settings(max_examples=15, deadline=None)
@given(sizes=st.tuples(*[st.integers(1, 4)] * 4), levels=st.integers(1, 3), seed=st.integers(0, 99))
def test_integers_are_those_of_the_recurrence(sizes, levels, seed):
    rng = np.random.default_rng(seed)
    floats = of_events(*sizes, levels)
    product, end = floats.nodes["product"], floats.nodes["end"]
    bias = rng.integers(-30, 30, product.shape)
    unit = LoihiLIF(name="unit", shape=product.shape, threshold=2, du=4095, dv=1024, bias_mant=bias, bias_exp=0)
    edges = (Edge("input", "product"), Edge("product", "unit"), Edge("unit", "end"))
    graph = floats.replace(nodes=[floats.input, product, unit, end], edges=edges)
    x = rng.integers(0, levels + 1, (2, STEPS, *graph.input.shape))
    record, split = simulate(graph, x, raster=True), product.sizes[0]
    for n in range(2):
        v = np.zeros(product.shape, int)
        for t in range(STEPS):
            sums = x[n, t, :split].reshape(product.left) @ x[n, t, split:].reshape(product.right)
            v = np.trunc(v * 3072 / 4096).astype(int) + 64 * sums + bias
            spikes = v > 64 * 2
            assert np.array_equal(record.raster["unit"][n, t, 0], spikes)
            v[spikes] = 0
    assert largest_output(graph, "product") == 128 * 128 * product.inner  # of inputs of 8 bits


def test_only_products_of_two_spike_tensors_are_recorded():
    graph = of_events(1, 2, 2, 2, 1)
    assert products_of_spikes(graph) == {"product"}
    analog = graph.replace(nodes=[Input(name="input", shape=(8,)), *list(graph.nodes.values())[1:]])
    assert products_of_spikes(analog) == frozenset()
    assert simulate(analog, np.ones((1, 8))).products == {}


@pytest.mark.parametrize("steps", [1, 4])
def test_what_is_the_same_in_all_steps_meets_in_each(steps):
    graph = of_events(1, 1, 1, 1, 1)
    found = meetings(graph, graph.nodes["product"], torch.ones(1, 5, 2), steps)
    assert found.events.tolist() == found.synops.tolist() == [5] * steps


def test_the_engine_multiplies_matrices_of_each_group():
    node = Product(name="p", shape=(2, 3, 4), inner=5)
    x = torch.rand(2, 3, sum(node.sizes), dtype=torch.float64)
    left, right = x[..., :30].reshape(2, 3, 2, 3, 5), x[..., 30:].reshape(2, 3, 2, 5, 4)
    assert torch.allclose(apply_node(node, x), torch.einsum("tbgij,tbgjk->tbgik", left, right))
