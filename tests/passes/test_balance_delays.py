"""Delays align everything that meets; a missing one is refused."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.graph.ir import LIF, SYNAPSES, Delay, Edge, Graph, Input, Linear, Readout, SlotMLF
from snnhw.passes import LOIHI_CHANNELS, compile_channels, run_passes
from snnhw.passes.balance_delays import balance_delays, check_balance, depth, depths
from snnhw.passes.decompose import decompose
from snnhw.passes.decompose_slots import decompose_slots
from snnhw.passes.fold_norm import fold_norm
from tests.graph.strategies import float_graphs, integer_graphs
from tests.nets import residual_net, residual_nets


@given(residual_nets)
def test_balanced_delays_align_every_port(sample):
    graph = balance_delays(decompose(fold_norm(sample.graph)))
    depth = depths(graph)
    for edge in graph.edges:
        arrival = depth[edge.source] + edge.delay
        assert all(depth[e.source] + e.delay == arrival for e in graph.into(edge.target))
    for node in graph.of_type(LIF):
        assert depth[node.name] == depth[graph.into(node.name)[0].source]


def test_known_depths_of_an_identity_and_a_downsample_block():
    depth = depths(run_passes(residual_net(widths=(4, 6)).graph, LOIHI_CHANNELS))
    expected = {"stem_mlf": 1, "s0b0_1_mlf": 2, "s0b0_2_mlf": 3, "s1b0_1_mlf": 4, "s1b0_sc_mlf": 4, "s1b0_2_mlf": 5}
    assert {name: depth[f"{name}_l1"] for name in expected} == expected
    assert depth["readout"] == 6


def test_a_removed_delay_is_refused_and_named():
    graph = run_passes(residual_net().graph, LOIHI_CHANNELS)
    late = next(e for e in graph.edges if e.delay)
    broken = graph.replace(edges=tuple(Edge(e.source, e.target) if e is late else e for e in graph.edges))
    with pytest.raises(InputError, match=f"{late.source} -> {late.target}"):
        check_balance(broken)


def latest(graph, name):
    """Longest path from the input in steps, by recursion over all paths."""
    node = graph.nodes[name]
    cost = node.slots - 1 if isinstance(node, SlotMLF) else int(isinstance(node, SYNAPSES))
    return cost + max((latest(graph, e.source) for e in graph.into(name)), default=0)


@given(st.one_of(float_graphs().map(decompose_slots), float_graphs().map(decompose), integer_graphs()))
def test_depths_are_longest_paths_and_no_edge_waits_for_nothing(graph):
    balanced = balance_delays(graph)
    depth = depths(balanced)
    assert depth == {name: latest(graph, name) for name in graph.nodes}
    for name in graph.nodes:
        waits = [e.delay for e in balanced.into(name)]
        assert min(waits, default=0) == 0 and all(w >= 0 for w in waits)
    assert balance_delays(balanced).edges == balanced.edges


def test_a_delay_too_many_is_refused_as_one_too_few_is():
    graph = run_passes(residual_net().graph, LOIHI_CHANNELS)
    late = next(e for e in graph.edges if e.delay)
    more = graph.replace(
        edges=tuple(Edge(e.source, e.target, e.gain, e.delay + 1) if e is late else e for e in graph.edges)
    )
    with pytest.raises(InputError, match=r"arrives 1 steps early; give the graph of compile_channels"):
        depths(more)


def test_a_loop_has_no_depth():
    graph = residual_net().graph
    with pytest.raises(InputError, match="cycle"):
        balance_delays(graph.replace(edges=(*graph.edges, Edge("s1b0_2_mlf", "stem_conv"))))


def layers_then(*, delay, behind, loop=0):
    """Five layers of neurons, a delay, `behind` layers of neurons and a last matrix; a loop on the first neurons."""
    names, nodes = ["input"], [Input(name="input", shape=(2,))]

    def layer(name):
        nodes.append(Linear(name=name, shape=(2,), weight=np.ones((2, 2))))
        return name

    for k in range(5 + behind):
        if k == 5 and np.any(delay):
            nodes.append(Delay(name="late", shape=(2,), steps=delay))
            names.append("late")
        nodes_of = (layer(f"fc{k}"), f"unit{k}")
        nodes.append(LIF(name=f"unit{k}", shape=(2,), decay=0.5, threshold=1.0))
        names += nodes_of
    names += [layer("head"), "readout"]
    nodes.append(Readout(name="readout", shape=(2,)))
    edges = [Edge(a, b) for a, b in pairwise(names)]
    if loop:
        nodes.append(Delay(name="back", shape=(2,), steps=loop))
        edges += [Edge("unit0", "back"), Edge("back", layer("again")), Edge("again", "unit0")]
    return Graph.build(nodes, edges, 6)


@pytest.mark.parametrize(
    ("delay", "behind", "loop", "deep"),
    [
        (0, 5, 0, 11),
        (1, 5, 0, 10),
        (4, 5, 0, 7),
        (9, 5, 0, 6),
        (9, 0, 0, 6),
        (1, 5, 1, 10),
        (1, 5, 3, 10),
        (0, 5, 2, 11),
    ],
)
def test_the_depth_of_a_network_is_its_synapses_less_the_steps_of_its_delays(delay, behind, loop, deep):
    """No value is earlier than the input: a delay of nine behind five layers leaves the six behind it."""
    graph = layers_then(delay=delay, behind=behind, loop=loop)
    assert depth(graph) == deep == depths(balance_delays(graph))["readout"]
    assert depth(compile_channels(graph)) == deep


def test_a_loop_without_time_and_mixed_delays_give_no_steps_back():
    graph = layers_then(delay=np.array([1, 2]), behind=5)
    assert depth(graph) == 11
    quick = layers_then(delay=0, behind=5, loop=1)
    nodes = [*quick.nodes.values(), Linear(name="more", shape=(2,), weight=np.ones((2, 2)))]
    edges = [e for e in quick.edges if e.target != "back"] + [Edge("unit0", "more"), Edge("more", "back")]
    assert depth(quick.replace(nodes=nodes, edges=tuple(edges))) == 11


def test_neurons_on_neurons_have_a_synapse_between():
    graph = layers_then(delay=0, behind=0)
    nodes = [*graph.nodes.values(), LIF(name="more", shape=(2,), decay=0.5, threshold=1.0)]
    edges = [Edge("more" if e.source == "unit4" else e.source, e.target) for e in graph.edges] + [Edge("unit4", "more")]
    graph = graph.replace(nodes=nodes, edges=tuple(edges))
    assert depth(graph) == 7 == depths(compile_channels(graph))["readout"]
