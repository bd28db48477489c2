"""Whatever a graph is fed within its range, no node sends a value outside its bounds; and the bounds are no wider."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.graph.ir import LI, LIF, Conv2d, Delay, Edge, Flatten, Graph, Input, Linear, Pool, Product, Readout, Scale
from snnhw.proofs.interval import Interval
from snnhw.proofs.value_bounds import arriving, value_bounds
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from tests.graph.strategies import SEEDS, float_graphs
from tests.nets import norm
from tests.nir.step_runner import run_steps

RANGE = (-1.0, 1.0)
SHAPE = (2, 4, 4)


def every_level(graph):
    """What a neuron can send if nothing is known of its membrane."""

    def spikes(node, x):
        levels = graph.signal(node.name).levels
        return Interval(np.zeros(node.shape[0]), np.full(node.shape[0], float(levels)))

    return spikes


def layer(kind, name, rng):
    """A layer of one kind from SHAPE to SHAPE."""
    if kind == "conv":
        groups = int(rng.integers(1, 3))
        weight, bias = rng.normal(size=(2, 2 // groups, 3, 3)), rng.normal(size=2)
        return Conv2d(name=name, shape=SHAPE, weight=weight, bias=bias, padding=(1, 1), groups=groups)
    if kind in ("avg", "sum"):
        return Pool(name=name, shape=SHAPE, kind=kind, kernel=(3, 3), stride=(1, 1), padding=(1, 1))
    if kind == "scale":
        return Scale(name=name, shape=SHAPE, scale=rng.normal(size=SHAPE))
    if kind == "delay":
        return Delay(name=name, shape=SHAPE, steps=int(rng.integers(0, 3)))
    if kind == "integrator":
        return LI(name=name, shape=SHAPE, decay=rng.uniform(0, 1, SHAPE), gain=rng.normal(), leak=rng.normal())
    return LIF(name=name, shape=SHAPE, decay=0.5, threshold=0.25)


KINDS = ("conv", "avg", "sum", "scale", "delay", "integrator", "neuron")


@st.composite
def layered(draw):
    """Up to five layers of any kind, with shortcuts of gains -2 .. 2 around some of them."""
    rng = np.random.default_rng(draw(SEEDS))
    nodes = [Input(name="input", shape=SHAPE, levels=draw(st.sampled_from([None, 2])))]
    edges = []
    for i, kind in enumerate(draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=5))):
        nodes.append(layer(kind, f"n{i}", rng))
        edges.append((nodes[-2].name, nodes[-1].name))
        if i and draw(st.booleans()):
            edges.append(Edge(nodes[-3].name, nodes[-1].name, draw(st.sampled_from([-2, -1, 2]))))
    nodes += [
        Flatten(name="flat", shape=(32,)),
        Linear(name="fc", shape=(3,), weight=rng.normal(size=(3, 32)), bias=rng.normal(size=3)),
        Readout(name="readout", shape=(3,)),
    ]
    edges += [(nodes[-4].name, "flat"), ("flat", "fc"), ("fc", "readout")]
    return Graph.build(nodes, edges, draw(st.integers(1, 4)))


def test_a_delay_behind_a_sum_pool_and_a_difference_sends_all_that_they_send():
    rng = np.random.default_rng(0)
    nodes = [
        Input(name="input", shape=SHAPE, levels=2),
        layer("sum", "pool", rng),
        Delay(name="late", shape=SHAPE, steps=1),
        Readout(name="readout", shape=SHAPE),
    ]
    edges = [("input", "pool"), ("pool", "late"), Edge("input", "late", -2), ("late", "readout")]
    bounds = value_bounds(Graph.build(nodes, edges, 2), every_level)
    assert (bounds["late"].low == -4).all() and (bounds["late"].high == 18).all()


@given(st.one_of(layered(), float_graphs()), SEEDS)
def test_no_node_sends_a_value_outside_its_bounds(graph, seed):
    rng = np.random.default_rng(seed)
    shape = (graph.timesteps, *graph.input.shape)
    levels = graph.input.levels
    x = rng.integers(0, levels + 1, shape).astype(float) if levels else rng.choice([-1, 1, 0.3], shape)
    bounds = value_bounds(graph, every_level(graph), RANGE)
    for name, sent in run_steps(graph, x).items():
        if name == "readout":
            continue
        channels = sent.reshape(graph.timesteps, len(bounds[name].low), -1)
        assert (bounds[name].low[:, None] <= channels).all() and (channels <= bounds[name].high[:, None]).all(), name


@given(SEEDS, st.integers(1, 2))
def test_a_convolution_has_the_bounds_of_the_worst_corner_of_its_window(seed, groups):
    """One window without padding, all corners of its eight inputs."""
    rng = np.random.default_rng(seed)
    weight, bias = rng.normal(size=(2, 2 // groups, 2, 2)), rng.normal(size=2)
    conv = Conv2d(name="conv", shape=(2, 1, 1), weight=weight, bias=bias, groups=groups)
    nodes = [Input(name="input", shape=(2, 2, 2)), conv, Readout(name="readout", shape=(2, 1, 1))]
    graph = Graph.build(nodes, list(pairwise(n.name for n in nodes)), 1)
    found = value_bounds(graph, every_level(graph), (-0.5, 2.0))["conv"]
    corners = np.array(list(product((-0.5, 2.0), repeat=8))).reshape(-1, 2, 4)
    for o in range(2):
        inputs = corners[:, o : o + 1] if groups == 2 else corners
        sent = (inputs * weight[o].reshape(-1, 4)).sum(axis=(1, 2)) + bias[o]
        assert found.low[o] <= sent.min() and sent.max() <= found.high[o]
        np.testing.assert_allclose([found.low[o], found.high[o]], [sent.min(), sent.max()], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("inside", [True, False])
def test_a_normalisation_moves_the_ends_as_its_definition_does(inside):
    node = norm("bn", SHAPE, np.random.default_rng(0), inside=inside)
    nodes = [Input(name="input", shape=SHAPE), node, Readout(name="readout", shape=SHAPE)]
    graph = Graph.build(nodes, list(pairwise(n.name for n in nodes)), 1)
    found = value_bounds(graph, every_level(graph), RANGE)["bn"]
    spread = np.sqrt(node.var + node.eps) if inside else np.sqrt(node.var) + node.eps
    low, high = (node.gamma * node.factor * (end - node.mean) / spread + node.beta for end in RANGE)
    assert (found.low <= np.minimum(low, high)).all() and (np.maximum(low, high) <= found.high).all()
    np.testing.assert_allclose([found.low, found.high], np.sort([low, high], axis=0), atol=1e-4)


def single(**fields):
    nodes = [
        Input(name="input", shape=(3,), **fields),
        Linear(name="fc", shape=(2,), weight=np.array([[1.0, -2.0, 0.0], [0.0, 0.0, 0.0]])),
        Readout(name="readout", shape=(2,)),
    ]
    return Graph.build(nodes, list(pairwise(n.name for n in nodes)), 1)


def test_an_unknown_input_is_unbounded_except_behind_weights_of_zero():
    found = value_bounds(single(), every_level(single()))["fc"]
    np.testing.assert_array_equal([found.low, found.high], [[-np.inf, 0], [np.inf, 0]])


def test_events_are_bounded_by_their_levels_whatever_range_is_given():
    graph = single(levels=3)
    for given_range in (None, (-100.0, 100.0)):
        found = value_bounds(graph, every_level(graph), given_range)["fc"]
        np.testing.assert_allclose([found.low, found.high], [[-6, 0], [3, 0]], atol=1e-4)


@pytest.mark.parametrize("bad", [(1.0, 0.0), (np.nan, 1.0), (0.0, np.inf)])
def test_a_range_that_is_none_is_refused_with_its_ends(bad):
    with pytest.raises(InputError, match=r"The input range .* is no range; give its low and its high end"):
        value_bounds(single(), every_level(single()), bad)


def test_what_arrives_from_nowhere_is_unbounded_and_from_a_loop_within_its_levels():
    graph = single(levels=3)
    assert arriving(graph, "input", {}).high[0] == np.inf
    assert arriving(graph, "fc", {}).high[0] == 3 and arriving(graph, "fc", {}).low[0] == 0


def test_taps_on_the_padding_may_be_zero_where_no_input_is():
    """Inputs of at least 1: a corner of the image meets four of nine taps and sends 4, not 9."""
    conv = Conv2d(name="conv", shape=(1, 3, 3), weight=np.ones((1, 1, 3, 3)), padding=(1, 1))
    nodes = [Input(name="input", shape=(1, 3, 3)), conv, Readout(name="readout", shape=(1, 3, 3))]
    graph = Graph.build(nodes, list(pairwise(n.name for n in nodes)), 1)
    sent = run_steps(graph, np.ones((1, 1, 3, 3)))["conv"]
    found = value_bounds(graph, every_level(graph), (1.0, 2.0))["conv"]
    assert sent.min() == 4 and found.low[0] <= sent.min() and sent.max() <= found.high[0]


@given(SEEDS, st.tuples(*[st.integers(1, 3)] * 4), st.booleans())
def test_a_product_has_the_bounds_of_the_worst_pair_of_its_group(seed, sizes, events):
    groups, rows, inner, columns = sizes
    node = Product(name="product", shape=(groups, rows, columns), inner=inner)
    both = Input(name="input", shape=(sum(node.sizes),), levels=3 if events else None)
    graph = Graph.build(
        [both, node, Readout(name="end", shape=node.shape)], [("input", "product"), ("product", "end")], 1
    )
    found = value_bounds(graph, lambda node, x: x, (-2.0, 1.5))["product"]
    low, high = (0.0, 9.0 * inner) if events else (-3.0 * inner, 4.0 * inner)
    np.testing.assert_allclose(found.low, np.full(groups, low), atol=1e-4)
    np.testing.assert_allclose(found.high, np.full(groups, high), atol=1e-4)
    ends = (0, 3) if events else (-2.0, 1.5)
    x = np.random.default_rng(seed).choice(ends, (4, *both.shape))
    sent = simulate(graph, x, execution=DOUBLE).logits
    assert (sent >= found.low[:, None, None]).all() and (sent <= found.high[:, None, None]).all()
