"""A multi-level unit becomes its K binary channels, and channels that belong together become it again."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given

from snnhw.graph.ir import MLF, Edge, Graph, Input, Linear, Readout
from snnhw.graph.same import differences
from snnhw.nir.io import from_nir, to_nir
from snnhw.passes.decompose import decompose, recompose
from tests.graph.strategies import float_graphs
from tests.nets import residual_net
from tests.passes.runs import assert_same, run


def test_decompose_wires_all_channels():
    graph = decompose(residual_net(levels=4).graph)
    assert not graph.of_type(MLF)
    channels = graph.units()["stem_mlf"]
    assert [c.name for c in channels] == [f"stem_mlf_l{k}" for k in range(1, 5)]
    assert [c.threshold for c in channels] == sorted(c.threshold for c in channels)
    for channel in channels:
        assert {e.target for e in graph.out_of(channel.name)} == {e.target for e in graph.out_of("stem_mlf_l1")}
    assert graph.arriving("s0b0_1_conv").levels == 4


def test_recompose_keeps_parallel_edges():
    graph = decompose(residual_net(levels=2).graph)
    twice = [Edge(f"stem_mlf_l{k}", "s0b0_1_conv") for k in (1, 2)]
    doubled = recompose(graph.replace(edges=(*graph.edges, *twice)))
    assert doubled.into("s0b0_1_conv") == (Edge("stem_mlf", "s0b0_1_conv"),) * 2
    uneven = recompose(graph.replace(edges=(*graph.edges, twice[1])))
    assert "stem_mlf_l1" in uneven.nodes and "stem_mlf" not in uneven.nodes


def test_recompose_keeps_channels_that_do_not_belong_together():
    graph = decompose(residual_net(levels=2).graph)
    cut = graph.replace(edges=tuple(e for e in graph.edges if e.source != "stem_mlf_l2"))
    assert "stem_mlf_l1" in recompose(cut).nodes and "stem_mlf" not in recompose(cut).nodes


def clashing(clash):
    """A multi-level unit, and a synapse behind it with the name that one of its channels would have."""
    nodes = [
        Input(name="input", shape=(2,)),
        Linear(name="first", shape=(2,), weight=np.eye(2)),
        MLF(name="a", shape=(2,), thresholds=(0.6, 1.6), decay=0.25),
        Linear(name=clash, shape=(2,), weight=2 * np.eye(2)),
        MLF(name="b", shape=(2,), thresholds=(0.5, 1.5), decay=0.25),
        Linear(name="fc", shape=(2,), weight=np.eye(2)),
        Readout(name="readout", shape=(2,)),
    ]
    return Graph.build(nodes, list(pairwise(n.name for n in nodes)), 3)


@pytest.mark.parametrize(
    ("clash", "channels"), [("a_l1", ["a_l1_", "a_l2"]), ("a_l2", ["a_l1", "a_l2_"]), ("b_l1", ["a_l1", "a_l2"])]
)
def test_channels_get_names_that_no_other_node_has(clash, channels):
    graph = clashing(clash)
    split = decompose(graph)
    assert [(n.name, n.level) for n in split.units()["a"]] == list(zip(channels, (1, 2), strict=True))
    assert isinstance(split.nodes[clash], Linear)
    assert differences(recompose(split), graph) == ()
    inputs = np.random.default_rng(0).uniform(0, 3, (4, 2))
    assert_same(run(graph, inputs), run(split, inputs))
    assert differences(from_nir(to_nir(graph)), graph) == ()


def test_channels_of_a_unit_whose_name_is_that_of_another_node_stay_channels():
    graph = decompose(clashing("c"))
    nodes = [dataclasses.replace(n, unit="c") if getattr(n, "unit", "") == "a" else n for n in graph.nodes.values()]
    recomposed = recompose(graph.replace(nodes=nodes))
    assert {"a_l1", "a_l2", "c", "b"} <= set(recomposed.nodes) and isinstance(recomposed.nodes["c"], Linear)


@given(float_graphs())
def test_recompose_undoes_decompose_to_the_last_bit(graph):
    assert differences(recompose(decompose(graph)), graph) == ()
    assert differences(decompose(recompose(decompose(graph))), decompose(graph)) == ()


@pytest.mark.parametrize(
    "change",
    [
        {"decay": 0.5},
        {"gain": 2.0},
        {"leak": 0.125},
        {"v_reset": -0.5},
        {"reset": "subtract"},
        {"threshold": np.full((4, 6, 6), 1.6)},
        {"threshold": 0.6000000238418579},
    ],
)
def test_a_channel_that_steps_by_another_rule_keeps_its_unit_apart(change):
    """Decay, gain, leak, reset or a threshold that does not ascend: no multi-level unit computes that."""
    graph = decompose(residual_net(levels=2).graph)
    other = dataclasses.replace(graph.nodes["stem_mlf_l2"], **change)
    recomposed = recompose(graph.replace(nodes={**graph.nodes, other.name: other}))
    assert {"stem_mlf_l1", "stem_mlf_l2"} <= set(recomposed.nodes)
    assert "stem_mlf" not in recomposed.nodes and "s0b0_1_mlf" in recomposed.nodes
