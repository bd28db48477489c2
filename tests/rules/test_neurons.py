"""Neurons: what differs from a leaky membrane with a hard reset to 0, per way."""

from __future__ import annotations

import numpy as np
import pytest

from snnhw.graph.ir import Edge
from snnhw.rules import neurons
from tests.checks.nets import integers, lif, loihi, net

MIXED = np.linspace(0.1, 0.9, 64).reshape(4, 4, 4)


@pytest.mark.parametrize(
    ("fields", "plain", "lava"),
    [
        ({}, [], []),
        ({"reset": "subtract"}, ["reset"], []),
        ({"reset": "subtract", "v_reset": MIXED}, ["reset"], []),
        ({"v_reset": 0.5}, ["reset"], ["reset"]),
        ({"gain": 2.0}, ["gain"], ["gain"]),
        ({"gain": np.ones((4, 4, 4))}, [], []),
        ({"leak": 0.5}, ["gain"], []),
        ({"decay": MIXED}, ["mixed-decay"], []),
        ({"decay": np.full((4, 4, 4), 0.3)}, [], []),
        ({"decay": MIXED, "reset": "subtract", "gain": 3.0}, ["reset", "mixed-decay", "gain"],
         ["gain"]),
    ],
)  # fmt: skip
def test_every_difference_is_named(fields: dict[str, object], plain: list[str], lava: list[str]) -> None:
    graph = net(unit=lif(**fields))
    assert [f.code for f in neurons.plain_neurons(graph, "it")] == plain
    assert [f.code for f in neurons.neurons_with_bias(graph, "it")] == lava


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        ({}, []),
        ({"reset": "subtract", "taken_off": 5}, ["reset"]),
        ({"dv": np.arange(64).reshape(4, 4, 4)}, ["mixed-decay"]),
    ],
)
def test_integers_differ_in_the_same_ways(fields: dict[str, object], codes: list[str]) -> None:
    graph = integers(**fields)
    assert [f.code for f in neurons.plain_neurons(graph, "it")] == codes
    assert list(neurons.neurons_with_bias(graph, "it")) == []


def test_a_reset_by_subtraction_in_floats_and_integers_is_named() -> None:
    for graph in (net(unit=lif(reset="subtract")), integers(reset="subtract")):
        assert [(f.code, f.node) for f in neurons.resets_to_zero(graph, "loihi1")] == [("soft-reset", "unit")]
    assert list(neurons.resets_to_zero(net(unit=lif(v_reset=0.5)), "loihi1")) == []


def test_thresholds() -> None:
    for graph in (net(unit=lif(threshold=-0.1)), integers(threshold=-1)):
        assert [f.code for f in neurons.thresholds_not_negative(graph, "it")] == ["negative-threshold"]
    assert list(neurons.thresholds_not_negative(net(unit=lif(threshold=0.0)), "it")) == []
    for node in (lif(threshold=MIXED), loihi(threshold=np.arange(64).reshape(4, 4, 4))):
        assert [f.node for f in neurons.one_threshold(net(unit=node), "it")] == ["unit"]
    assert list(neurons.one_threshold(net(unit=lif(threshold=np.full((4, 4, 4), 0.3))), "it")) == []
    apart = net(unit=lif(v_reset=-MIXED))  # the threshold is counted from where it resets to
    assert [f.node for f in neurons.one_threshold(apart, "it")] == ["unit"]


def test_only_an_input_alone_may_enter_a_neuron_directly() -> None:
    graph = net(unit=lif())
    first = lif(name="first", shape=(2, 4, 4))
    assert list(neurons.synapse_before(net(first, unit=lif(), edges=(Edge("input", "first"),)), "it")) == []
    second = lif(name="second")
    direct = graph.replace(nodes=[*graph.nodes.values(), second], edges=(*graph.edges, Edge("unit", "second")))
    assert [(f.code, f.node) for f in neurons.synapse_before(direct, "it")] == [("no-synapse", "second")]


def test_integer_neurons_take_spikes_through_synapses() -> None:
    graph = integers()
    assert list(neurons.synapses_between(graph, "it")) == []
    more = graph.replace(nodes=[*graph.nodes.values(), loihi(name="next")], edges=(*graph.edges, Edge("unit", "next")))
    (found,) = neurons.synapses_between(more, "it")
    assert (found.code, found.node) == ("no-synapse", "next") and "takes unit without a synapse" in found.message
    entered = graph.replace(
        nodes=[*graph.nodes.values(), loihi(name="next", shape=(2, 4, 4))], edges=(*graph.edges, Edge("input", "next"))
    )
    assert list(neurons.synapses_between(entered, "it")) == []
