"""Two graphs are the same where nothing that is computed differs; each difference is one sentence."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.graph.ir import LIF, Edge, Graph, Linear
from snnhw.graph.same import differences, graph_checksum, same_graph
from tests.graph.strategies import float_graphs, integer_graphs
from tests.nets import residual_net

GRAPHS = st.one_of(float_graphs(), integer_graphs())


def copied(graph: Graph) -> Graph:
    """The same values in arrays of their own."""
    nodes = [
        dataclasses.replace(
            n, **{f.name: v.copy() for f in dataclasses.fields(n) if isinstance(v := getattr(n, f.name), np.ndarray)}
        )
        for n in graph.nodes.values()
    ]
    return graph.replace(nodes=nodes)


@given(GRAPHS, st.randoms(use_true_random=False))
def test_names_of_graphs_and_the_order_of_nodes_do_not_matter(graph: Graph, chance) -> None:
    nodes = list(copied(graph).nodes.values())
    chance.shuffle(nodes)
    assert same_graph(graph, graph.replace(nodes=nodes, name="another"))


@given(GRAPHS)
def test_a_copy_has_the_same_checksum(graph: Graph) -> None:
    assert graph_checksum(graph) == graph_checksum(copied(graph).replace(name="another"))
    assert graph_checksum(graph) != graph_checksum(graph.replace(timesteps=graph.timesteps + 1))


@given(GRAPHS, st.data())
def test_one_changed_field_is_one_sentence_that_names_it(graph: Graph, data: st.DataObject) -> None:
    node = data.draw(st.sampled_from(list(graph.nodes.values())))
    fields = [f.name for f in dataclasses.fields(node) if f.name != "name" and getattr(node, f.name) is not None]
    key = data.draw(st.sampled_from(fields))
    value = getattr(node, key)
    if isinstance(value, np.ndarray):
        changed = value.copy()
        changed.flat[data.draw(st.integers(0, value.size - 1))] += 1
        if data.draw(st.booleans()):  # equal values of another type are a difference too
            changed = value.astype(np.longdouble)
    elif isinstance(value, str):
        changed = value + "_"
    elif isinstance(value, tuple):
        changed = (*value, 9)
    else:
        changed = not value if isinstance(value, bool) else value + 1
    other = graph.replace(nodes={**graph.nodes, node.name: dataclasses.replace(node, **{key: changed})})
    assert differences(graph, other) == (f"Node {node.name}: {key} differs.",)
    assert not same_graph(other, graph) and graph_checksum(other) != graph_checksum(graph)


def test_steps_missing_nodes_and_kinds_are_told_apart() -> None:
    graph = residual_net().graph
    assert differences(graph, graph.replace(timesteps=9)) == ("Time steps: 4 and 9.",)
    head = {n: v for n, v in graph.nodes.items() if n != "readout"}
    cut = graph.replace(nodes=head, edges=tuple(e for e in graph.edges if e.target != "readout"))
    assert differences(graph, cut) == ("Node readout is in the first graph only.",)
    assert differences(cut, graph) == ("Node readout is in the second graph only.",)
    unit = LIF(name="stem_mlf", shape=graph.nodes["stem_mlf"].shape, decay=0.25, threshold=0.6)
    assert differences(graph, graph.replace(nodes={**graph.nodes, "stem_mlf": unit})) == (
        "Node stem_mlf: MLF and LIF.",
    )


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ([Edge("stem_mlf", "pool"), Edge("head", "pool")], [Edge("head", "pool"), Edge("stem_mlf", "pool")], False),
        ([Edge("stem_mlf", "pool", 2)], [Edge("stem_mlf", "pool"), Edge("stem_mlf", "pool")], True),
        ([Edge("stem_mlf", "pool", 2)], [Edge("stem_mlf", "pool", 3)], False),
        ([Edge("stem_mlf", "pool", 1, 1)], [Edge("stem_mlf", "pool")], False),
        (
            [Edge("stem_mlf", "pool"), Edge("stem_mlf", "head")],
            [Edge("stem_mlf", "head"), Edge("stem_mlf", "pool")],
            True,
        ),
    ],
    ids=["order at one node", "parallel edges add up", "gain", "delay", "order at two nodes"],
)
def test_edges_count_by_their_order_at_each_node_and_their_sum(
    first: list[Edge], second: list[Edge], same: bool
) -> None:
    graph = residual_net().graph
    one, other = (graph.replace(edges=tuple(edges)) for edges in (first, second))
    assert same_graph(one, other) == same == (graph_checksum(one) == graph_checksum(other))


def test_arrays_are_the_same_bit_for_bit() -> None:
    """Minus zero is another bias than zero, and a weight that is no number is the same as itself."""
    graph = residual_net().graph

    def with_bias(value: float) -> Graph:
        head = graph.nodes["head"]
        assert isinstance(head, Linear)
        bias = np.full(head.shape, value)
        return graph.replace(nodes={**graph.nodes, "head": dataclasses.replace(head, bias=bias)})

    assert differences(with_bias(0.0), with_bias(-0.0)) == ("Node head: bias differs.",)
    assert same_graph(with_bias(np.nan), with_bias(np.nan))
