"""Relays of early branches: all that meets is equally old, for neurons, for layers beside each other, for read-outs."""

from __future__ import annotations

import numpy as np
from hypothesis import given

from snnhw.graph.ir import LIF, SYNAPSES, Edge, Graph, Input, Linear, LoihiLIF, Neuron, Readout
from snnhw.passes import compile_channels
from snnhw.passes.relays import with_relays
from snnhw.quantisation.compile import compile_loihi
from tests.graph.strategies import float_graphs
from tests.nets import residual_net


def ages(graph: Graph) -> dict[str, set[int]]:
    """Neuron or read-out -> ages of the spikes that arrive, by walking every path; a neuron costs one step."""
    sent: dict[str, int] = {}
    met: dict[str, set[int]] = {}
    for name in graph.order():
        arriving = {sent[e.source] for e in graph.into(name)}
        if not isinstance(graph.nodes[name], SYNAPSES):
            met[name] = arriving
        sent[name] = max(arriving, default=0) + (not isinstance(graph.nodes[name], SYNAPSES) and bool(arriving))
        assert len(arriving) <= 1
    return met


@given(float_graphs())
def test_what_meets_is_equally_old(graph: Graph) -> None:
    relayed, added = with_relays(compile_channels(graph))
    ages(relayed)
    assert all(isinstance(relayed.nodes[name], LIF) for name in added)
    assert with_relays(relayed)[1] == ()


def test_a_layer_beside_one_that_comes_later_in_the_order_is_delayed_in_front() -> None:
    def lif(name: str) -> LIF:
        return LIF(name=name, shape=(3,), decay=0.5, threshold=0.5)

    eye = np.eye(3)
    names = ["first", "short", "deep", "deeper"]
    layers = [Linear(name=name, shape=(3,), weight=eye) for name in names]
    nodes = [Input(name="input", shape=(3,)), *layers, lif("a"), lif("b"), lif("end"), Readout(name="out", shape=(3,))]
    edges = [("input", "first"), ("first", "a"), ("a", "short"), ("a", "deep"), ("deep", "b"), ("b", "deeper")]
    graph = Graph.build(nodes, [*edges, ("short", "end"), ("deeper", "end"), ("end", "out"), ("deeper", "out")], 2)
    relayed, added = with_relays(graph)
    assert added == ("a_late1", "b_late1") or set(added) >= {"a_late1"}
    assert all(not isinstance(relayed.nodes[e.source], SYNAPSES) for e in relayed.edges if e.target in added)


def test_relays_of_integers_are_integers_and_take_no_name_of_the_graph() -> None:
    sample = residual_net(levels=2)
    integers = compile_loihi(sample.graph, sample.inputs).graph
    relayed, added = with_relays(integers)
    assert added and {type(n) for n in relayed.of_type(Neuron)} == {LoihiLIF}
    taken = integers.replace(
        nodes=[*integers.nodes.values(), LIF(name=added[0], shape=(1,), decay=0.0, threshold=1.0)],
        edges=(*integers.edges, Edge(integers.input.name, added[0])),
    )
    assert f"{added[0]}_" in with_relays(taken)[1]
