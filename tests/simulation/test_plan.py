"""The plan of a graph: every node once, sources first, and no value freed that is still needed."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given

from snnhw.errors import InputError
from snnhw.graph.ir import LIF, MLF, Edge, Graph, Input, Linear, Readout
from snnhw.passes import compile_channels
from snnhw.simulation.plan import plan_of
from tests.nets import residual_net, residual_nets


@given(residual_nets)
def test_values_are_there_when_they_are_read_and_gone_after_the_last_reader(sample):
    for graph in (sample.graph, compile_channels(sample.graph)):
        plan = plan_of(graph)
        assert sorted(n.name for step in plan for n in step.nodes) == sorted(graph.nodes)
        there: set[str] = set()
        for step in plan:
            assert {source for source, _ in step.sources} <= there, step.name
            there |= {step.name}
            there -= set(step.last_use)
        assert there == {graph.readout.name}


@given(residual_nets)
def test_the_inputs_of_a_step_are_the_edges_of_the_graph(sample):
    """With the channels of a unit summed into one value, the sum over the sources is that over all edges."""
    graph = compile_channels(sample.graph)
    units = {n.name: unit for unit, nodes in graph.units().items() for n in nodes}
    for step in plan_of(graph):
        wanted: dict[str, int] = {}
        for edge in graph.into(step.nodes[0].name):
            wanted[units.get(edge.source, edge.source)] = edge.gain
        assert dict(step.sources) == wanted


def two_levels(edges):
    nodes = [
        Input(name="input", shape=(2,)),
        Linear(name="fc", shape=(3,), weight=np.ones((3, 2))),
        *(LIF(name=f"n{k}", shape=(3,), decay=0.5, threshold=k, unit="n", level=k) for k in (1, 2)),
        Linear(name="head", shape=(2,), weight=np.ones((2, 3))),
        Readout(name="readout", shape=(2,)),
    ]
    return Graph.build(nodes, [("input", "fc"), ("head", "readout"), *edges], 2)


def test_channels_go_singly_only_where_a_target_takes_them_apart():
    both = [("fc", "n1"), ("fc", "n2")]
    joined = {s.name: s for s in plan_of(two_levels([*both, ("n1", "head"), ("n2", "head")]))}
    assert joined["head"].sources == (("n", 1),) and not joined["n"].levels_used
    for edges in ([("n1", "head")], [("n1", "head"), Edge("n2", "head", gain=3)]):
        apart = {s.name: s for s in plan_of(two_levels([*both, *edges]))}
        assert {name for name, _ in apart["head"].sources} <= {"n1", "n2"} and apart["n"].levels_used


def test_levels_with_different_inputs_are_refused():
    with pytest.raises(InputError, match="levels of unit 'n' have different inputs"):
        plan_of(two_levels([("fc", "n1"), Edge("fc", "n2", gain=2), ("n1", "head"), ("n2", "head")]))


def test_convolutions_of_spikes_run_event_by_event_and_that_of_the_image_does_not():
    graph = residual_net().graph
    steps = {s.name: s for s in plan_of(graph)}
    assert not steps["stem_conv"].events and steps["s0b0_1_conv"].events
    analogue = graph.replace(nodes=[n for n in graph.nodes.values() if not isinstance(n, MLF)], edges=())
    assert not any(dataclasses.asdict(s)["events"] for s in plan_of(analogue))
