"""Every neuron is fed by synapses, and a synapse of weight one changes nothing."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.graph.ir import MLF, Conv2d, Edge, Graph, Input, Linear, Readout
from snnhw.passes.decompose import decompose
from snnhw.passes.fold_norm import fold_norm
from snnhw.passes.identity_synapses import identity_synapses, spike_synapses
from tests.nets import residual_net
from tests.passes.runs import assert_same, run


def test_identity_synapses_feed_the_plain_residual_sum():
    graph = identity_synapses(fold_norm(residual_net(plain=True).graph))
    identity = graph.nodes["s0b0_2_mlf_identity"]
    assert isinstance(identity, Conv2d) and identity.groups == 4 and (identity.weight == 1).all()
    assert graph.into(identity.name) == (Edge("stem_mlf", identity.name),)
    assert {e.source for e in graph.into("s0b0_2_mlf")} == {"s0b0_2_conv", identity.name}
    assert "s1b0_2_mlf_identity" not in graph.nodes  # its shortcut has a convolution


@pytest.mark.parametrize(("shape", "groups"), [((127, 1, 1), 127), ((128, 1, 1), 1), ((5,), None)])
def test_identity_synapses_of_any_size(shape, groups):
    size = int(np.prod(shape))
    nodes = [
        Input(name="input", shape=shape),
        MLF(name="mlf", shape=shape, thresholds=(0.6, 1.6), decay=0.25),
        Linear(name="fc", shape=(2,), weight=np.random.default_rng(0).normal(size=(2, size))),
        Readout(name="readout", shape=(2,)),
    ]
    chain = [n.name for n in nodes]
    graph = Graph.build(nodes, list(pairwise(chain)), 3)
    fed = identity_synapses(graph)
    assert getattr(fed.nodes["mlf_identity"], "groups", None) == groups
    inputs = np.random.default_rng(1).uniform(0, 2, (2, *shape))
    assert_same(run(graph, inputs), run(fed, inputs))
    assert_same(run(graph, inputs), run(identity_synapses(decompose(graph)), inputs))


def test_a_graph_that_needs_no_synapse_is_given_back():
    graph = fold_norm(residual_net().graph)
    assert identity_synapses(graph) is graph


def two_units(shape):
    """Input, two units and read-out of one shape, without a synapse."""
    unit = MLF(name="mlf", shape=shape, thresholds=(0.6, 1.6), decay=0.25)
    second = dataclasses.replace(unit, name="next")
    return [Input(name="input", shape=shape), unit, second, Readout(name="readout", shape=shape)]


def test_the_input_alone_may_stay_a_current():
    shape = (3, 2, 2)
    nodes = two_units(shape)
    graph = Graph.build(nodes, list(pairwise(n.name for n in nodes)), 3)
    made = spike_synapses(graph)
    assert made.into("mlf") == (Edge("input", "mlf"),)
    assert made.into("next") == (Edge("next_identity", "next"),)
    inputs = np.random.default_rng(1).uniform(0, 2, (2, *shape))
    assert_same(run(graph, inputs), run(made, inputs))


@pytest.mark.parametrize("extra", [("input", "readout"), ("mlf", "next")])
def test_an_input_that_reaches_more_than_neurons_of_its_own_is_no_current(extra):
    shape = (3, 2, 2)
    nodes = two_units(shape)
    edges = [("input", "mlf"), ("input", "next"), ("mlf", "readout"), ("next", "readout"), extra]
    place = "readout" if "readout" in extra else "next"
    with pytest.raises(InputError, match=f"The input reaches '{place}', which is no neuron fed by it alone.*messages"):
        spike_synapses(Graph.build(nodes, edges, 2))


def test_gains_pass_through_the_identity():
    shape = (2, 2, 2)
    nodes = two_units(shape)
    graph = Graph.build(nodes, [("input", "mlf"), Edge("mlf", "next", 3), ("next", "readout")], 3)
    made = identity_synapses(graph)
    assert Edge("mlf", "next_identity", 3) in made.edges
    inputs = np.random.default_rng(1).uniform(0, 2, (2, *shape))
    assert_same(run(graph, inputs), run(made, inputs))
