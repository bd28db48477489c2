"""The shape that a node is said to send is the one that it sends, and there is none where it cannot take its input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from snnhw.graph.ir import LIF, Conv2d, Flatten, Graph, Linear, Node, Pool, Scale
from snnhw.graph.shapes import sent_shape
from tests.graph.strategies import float_graphs
from tests.nir.step_runner import run_steps


@given(float_graphs())
def test_every_node_of_a_random_network_sends_the_shape_that_is_said(graph: Graph) -> None:
    sent = run_steps(graph, np.ones((1, *graph.input.shape)))
    for name, node in graph.nodes.items():
        for edge in graph.into(name):
            assert sent_shape(node, graph.nodes[edge.source].shape) == node.shape == sent[name].shape[1:]


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
    assert sent_shape(node, arriving) == sent
