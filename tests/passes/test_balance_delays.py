"""Delays align everything that meets; a missing one is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.graph.ir import LIF, SYNAPSES, Edge, SlotMLF
from snnhw.passes import LOIHI_CHANNELS, run_passes
from snnhw.passes.balance_delays import balance_delays, check_balance, depths
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
