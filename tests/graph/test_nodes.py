"""Facts of the nodes, each against its definition."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.graph.ir import LIF, Conv2d, Delay, Flatten, Graph, Input, Linear, Node, Pool, Scale
from snnhw.graph.shapes import Window
from tests.graph.strategies import float_graphs
from tests.nets import norm
from tests.nir.step_runner import run_steps


@pytest.mark.parametrize("inside", [True, False])
def test_affine_is_the_definition(inside):
    n = norm("n", (3, 2, 2), np.random.default_rng(1), inside=inside)
    x = np.random.default_rng(2).normal(size=(3,))
    spread = np.sqrt(n.var + n.eps) if inside else np.sqrt(n.var) + n.eps
    scale, shift = n.affine()
    np.testing.assert_allclose(scale * x + shift, n.gamma * (n.factor * (x - n.mean) / spread) + n.beta, rtol=1e-12)


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=9), st.floats(0.01, 50), st.integers(1, 10))
def test_an_input_is_coded_as_python_rounds_and_clips(values, scale, bits):
    """Half to even, two's complement."""
    node = Input(name="input", shape=(len(values),), scale=scale, bits=bits)
    limit = 2 ** (bits - 1)
    expected = [min(max(round(v * scale), -limit), limit - 1) for v in values]
    np.testing.assert_array_equal(node.coded(np.array(values)), expected)


def test_a_delay_is_late_where_no_element_arrives_at_once():
    assert [Delay(name="d", shape=(2,), steps=s).late for s in (0, 1, np.array([1, 2]), np.array([0, 2]))] == [
        False, True, True, False,
    ]  # fmt: skip


def test_windows_of_layers_are_theirs():
    weight = np.zeros((4, 2, 3, 5))
    conv = Conv2d(name="c", shape=(4, 1, 1), weight=weight, stride=(2, 1), padding=(1, 0), dilation=(1, 2))
    assert conv.window((9, 8)) == Window((9, 8), (3, 5), (2, 1), (1, 0), (1, 2))
    pool = Pool(name="p", shape=(4, 1, 1), kind="avg", kernel=(2, 3), stride=(1, 2), padding=(1, 1))
    assert pool.window((9, 8)) == Window((9, 8), (2, 3), (1, 2), (1, 1))


def test_a_node_is_shown_on_one_short_line_and_cannot_be_changed():
    conv = Conv2d(name="c", shape=(4, 9, 9), weight=np.zeros((4, 2, 3, 3), np.float32), padding=(1, 1))
    assert repr(conv) == "Conv2d('c', (4, 9, 9), weight=float32[4, 2, 3, 3], padding=(1, 1))"
    assert conv.size == 4 * 81 and Input(name="i", shape=()).size == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        conv.name = "d"


@given(float_graphs())
def test_every_node_of_a_random_network_sends_the_shape_that_is_said(graph: Graph) -> None:
    sent = run_steps(graph, np.ones((1, *graph.input.shape)))
    for name, node in graph.nodes.items():
        for edge in graph.into(name):
            assert node.sent_shape(graph.nodes[edge.source].shape) == node.shape == sent[name].shape[1:]


CONV = Conv2d(name="n", shape=(4, 3, 3), weight=np.ones((4, 2, 3, 3)))
POOL = Pool(name="n", shape=(4, 2, 2), kind="avg", kernel=(2, 2), stride=(2, 2))
FC = Linear(name="n", shape=(3,), weight=np.ones((3, 8)))


@pytest.mark.parametrize(
    ("node", "arriving", "sent"),
    [
        (CONV, (2, 5, 6), (4, 3, 4)),
        (CONV, (3, 5, 5), None),
        (CONV, (50,), None),
        (CONV, (2, 2, 5), None),
        (Conv2d(name="n", shape=(4, 3, 3), weight=np.ones((4, 1, 3, 3)), groups=2), (2, 5, 5), (4, 3, 3)),
        (Conv2d(name="n", shape=(3, 3, 3), weight=np.ones((3, 1, 3, 3)), groups=2), (2, 5, 5), None),
        (Conv2d(name="n", shape=(4, 3, 3), weight=np.ones((4, 2, 3, 3)), stride=(0, 1)), (2, 5, 5), None),
        (Conv2d(name="n", shape=(4, 3, 3), weight=np.ones((4, 18))), (2, 5, 5), None),
        (POOL, (7, 5, 4), (7, 2, 2)),
        (POOL, (7, 1, 4), None),
        (POOL, (7,), None),
        (FC, (8,), (3,)),
        (FC, (2, 2, 2), (3,)),
        (FC, (7,), None),
        (Flatten(name="n", shape=(8,)), (2, 2, 2), (8,)),
        (Scale(name="n", shape=(8,), scale=2.0), (2, 3), (2, 3)),
        (LIF(name="n", shape=(8,), decay=0.5, threshold=1.0), (2, 3), (2, 3)),
    ],
)
def test_shapes_by_hand(node: Node, arriving: tuple[int, ...], sent: tuple[int, ...] | None) -> None:
    assert node.sent_shape(arriving) == sent
