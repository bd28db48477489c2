"""Which current a neuron has, what feeds both, and integer neurons that have theirs inside."""

from __future__ import annotations

import dataclasses

import numpy as np

from snnhw.graph.currents import current_before, currents_inside, feeding, is_current, unit_fed
from snnhw.graph.ir import LI, LIF, Edge, Graph, Input, Linear, LoihiLIF, Readout

CURRENT = LI(name="current", shape=(2,), decay=0.5, current_of="unit")


def small(current: LI = CURRENT, *edges: Edge, neuron: LIF | LoihiLIF | None = None) -> Graph:
    neuron = neuron or LIF(name="unit", shape=(2,), threshold=1.0, decay=0.5)
    weight = np.eye(2)
    nodes = [Input(name="input", shape=(2,)), Linear(name="fc", shape=(2,), weight=weight), current, neuron,
             Readout(name="readout", shape=(2,))]  # fmt: skip
    chain = [Edge("input", "fc"), Edge("fc", "current", 2), Edge("current", "unit"), Edge("unit", "readout")]
    return Graph.build(nodes, [*chain, *edges], 2)


def test_a_current_belongs_to_the_neuron_that_it_names() -> None:
    graph = small()
    neuron = graph.nodes["unit"]
    assert isinstance(neuron, LIF)
    assert current_before(graph, neuron) is CURRENT and feeding(graph, neuron) == (Edge("fc", "current", 2),)
    assert is_current(CURRENT) and unit_fed(CURRENT) == unit_fed(neuron) == "unit" and unit_fed(graph.input) == ""


def test_another_name_or_another_source_is_no_current_of_it() -> None:
    for graph in (
        small(dataclasses.replace(CURRENT, current_of="other")),
        small(dataclasses.replace(CURRENT, current_of="")),
        small(CURRENT, Edge("fc", "unit")),
        small(CURRENT, Edge("current", "unit")),
    ):
        neuron = graph.nodes["unit"]
        assert isinstance(neuron, LIF)
        assert current_before(graph, neuron) is None and feeding(graph, neuron) == graph.into("unit")


def test_integer_neurons_take_what_their_current_took() -> None:
    whole = LoihiLIF(name="unit", shape=(2,), threshold=1, du=0, dv=0, bias_mant=np.zeros(1, np.int16), bias_exp=0)
    graph = currents_inside(small(neuron=whole))
    assert "current" not in graph.nodes and graph.into("unit") == (Edge("fc", "unit", 2),)
    floats = small()
    assert currents_inside(floats) is floats
