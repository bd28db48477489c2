"""How a network of integers ends: one matrix, or neurons alone, whose spikes are counted."""

from __future__ import annotations

import numpy as np
import pytest

from snnhw.graph.ir import LIF, Conv2d, Edge, Flatten, Graph, Input, Linear, Node, Readout
from snnhw.rules.readout import ends, read_matrix, readout_in_integers, some_neurons

EYE = np.eye(3)


def ending(*sources: str) -> Graph:
    """Two populations and two matrices behind each other; the read-out reads `sources`."""
    nodes: list[Node] = [
        Input(name="input", shape=(3,)),
        Linear(name="fc", shape=(3,), weight=EYE),
        LIF(name="a", shape=(3,), decay=0.5, threshold=0.5),
        Linear(name="fc2", shape=(3,), weight=EYE),
        LIF(name="b", shape=(3,), decay=0.5, threshold=0.5),
        Flatten(name="flat", shape=(3,)),
        Linear(name="fc3", shape=(3,), weight=EYE),
        Readout(name="readout", shape=(3,)),
    ]
    edges = [("input", "fc"), ("fc", "a"), ("a", "fc2"), ("fc2", "b"), ("b", "flat"), ("b", "fc3")]
    return Graph.build(nodes, [*edges, *(Edge(s, "readout") for s in sources)], 2)


@pytest.mark.parametrize(
    ("sources", "read", "right"),
    [
        (("fc3",), ["fc3"], True),
        (("a",), ["a"], True),
        (("a", "b"), ["a", "b"], True),
        (("flat",), ["b"], True),
        (("a", "flat"), ["a", "b"], True),
        (("fc3", "b"), ["fc3", "b"], False),
        (("fc3", "fc2"), ["fc3", "fc2"], False),
        (("input",), ["input"], False),
        ((), [], False),
    ],
)
def test_one_matrix_or_neurons_alone(sources: tuple[str, ...], read: list[str], right: bool) -> None:
    graph = ending(*sources)
    assert [n.name for n in ends(graph, graph.readout)] == read
    found = list(readout_in_integers(graph, "Loihi"))
    assert (not found) == right
    assert right or (found[0].node == "readout" and (", ".join(read) or "nothing") in found[0].message)
    matrix = read_matrix(graph)
    assert (matrix.name if matrix else None) == ("fc3" if sources == ("fc3",) else None)


def test_a_convolution_at_the_end_and_a_network_without_neurons_are_named() -> None:
    nodes = [
        Input(name="input", shape=(1, 2, 2)),
        Conv2d(name="conv", shape=(1, 2, 2), weight=np.ones((1, 1, 1, 1))),
        Readout(name="readout", shape=(1, 2, 2)),
    ]
    graph = Graph.build(nodes, [("input", "conv"), ("conv", "readout")], 1)
    assert [f.code for f in readout_in_integers(graph, "Loihi")] == ["readout"]
    assert [(f.code, f.node) for f in some_neurons(graph, "Loihi")] == [("no-neurons", "")]
    assert list(some_neurons(ending("a"), "Loihi")) == []
