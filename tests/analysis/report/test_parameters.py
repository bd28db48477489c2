"""What a report says of weights and neurons: the same for the same numbers, another for any other number."""

from __future__ import annotations

import dataclasses

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from snnhw.analysis.counting.count import count
from snnhw.analysis.report.parameters import parameters
from tests.analysis.difference.runs import with_nodes
from tests.analysis.nets import networks, random_raster, record_of, small_net


def of(graph, seed=0):
    rng = np.random.default_rng(seed)
    return parameters(graph, count(graph, record_of(graph, random_raster(graph, rng))))


@given(networks())
def test_sizes_are_those_of_the_arrays(graph):
    found = of(graph)
    for layer in count(graph, record_of(graph, random_raster(graph, np.random.default_rng(1)))).layers:
        nodes = [graph.nodes[name] for name in layer.synapse_nodes]
        arrays = [a for node in nodes for a in (node.weight, node.bias) if a is not None]
        assert found[layer.name].weights == sum(a.size for a in arrays)
        assert found[layer.name].nonzero == sum(int((a != 0).sum()) for a in arrays)
        assert bool(found[layer.name].neuron) == (layer.kind != "readout")


@given(st.integers(0, 71), st.sampled_from([1e-12, -1.0]))
def test_any_other_weight_is_another_checksum_of_that_row_alone(place, by):
    graph = small_net()
    body = graph.nodes["body"]
    weight = body.weight.copy()
    weight.flat[place] += by
    before, after = of(graph), of(with_nodes(graph, dataclasses.replace(body, weight=weight)))
    assert [name for name in before if before[name] != after[name]] == ["body_mlf"]
    assert before["body_mlf"].sha256 != after["body_mlf"].sha256


def test_the_samples_change_nothing_and_a_constant_does():
    graph = small_net()
    assert of(graph, 0) == of(graph, 1)
    unit = graph.nodes["body_mlf"]
    changed = of(with_nodes(graph, dataclasses.replace(unit, decay=0.5)))["body_mlf"]
    assert of(graph)["body_mlf"].neuron == ("MLF", "thresholds 0.6, 1.6", "decay 0.25")
    assert changed.neuron == ("MLF", "thresholds 0.6, 1.6", "decay 0.5")
    assert changed.to_dict()["sha256"] == of(graph)["body_mlf"].sha256


def test_without_a_graph_there_is_nothing():
    graph = small_net()
    assert parameters(None, count(graph, record_of(graph, random_raster(graph, np.random.default_rng(0))))) == {}
