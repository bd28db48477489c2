"""The pipelines: each of their passes keeps every spike and the logits, and a network of the paper goes through."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from snnhw.analysis.counting.count import dense_inputs, dense_macs
from snnhw.errors import InputError
from snnhw.graph.ir import LIF, MLF, SYNAPSES, Conv2d, Flatten, Linear, Norm, Pool
from snnhw.nir.io import from_nir, to_nir
from snnhw.nn import build
from snnhw.passes import FLOAT, LOIHI_CHANNELS, LOIHI_GRADED, TIME_SLOTS, compile_channels, run_passes
from snnhw.passes.balance_delays import depths
from snnhw.passes.decompose import decompose, recompose
from snnhw.tracing.trace import trace
from tests.nets import residual_net, residual_nets
from tests.passes.runs import assert_same, run


@given(residual_nets)
def test_every_pass_keeps_every_spike(sample):
    graph = sample.graph
    reference = run(graph, sample.inputs)
    assert_same(reference, run(run_passes(graph, FLOAT), sample.inputs))
    assert_same(reference, run(decompose(graph), sample.inputs))
    assert_same(reference, run(run_passes(graph, LOIHI_CHANNELS), sample.inputs))
    assert_same(reference, run(recompose(decompose(graph)), sample.inputs))


def test_random_nets_fire_on_all_levels():
    record = run(residual_net().graph, residual_net().inputs)
    assert all((unit.levels.sum(axis=(1, 2, 3)) > 0).all() for unit in record.units.values())


def test_the_papers_vgg_has_no_pool_left():
    torch.manual_seed(0)
    whole = trace(build("vgg16", width=2, hidden=(8, 6), timesteps=2).eval(), (3, 32, 32))
    graph = run_passes(whole, LOIHI_CHANNELS)
    assert not graph.of_type(Pool, Flatten)
    for compiled in (graph, from_nir(to_nir(graph))):  # the ANN twin keeps its pools
        for node in whole.of_type(Conv2d, Linear):
            assert dense_macs(compiled, node.name) == dense_macs(whole, node.name) > 0
            assert dense_inputs(compiled, node.name) == dense_inputs(whole, node.name) > 0
    assert [c.weight.shape[2] for c in graph.of_type(Conv2d)] == [3, 3, 6, 3, 6, 3, 3, 6, 3, 3, 6, 3, 3]


@settings(max_examples=15, deadline=None)
@given(residual_nets)
def test_the_pipelines_keep_every_spike(sample):
    before = run(sample.graph, sample.inputs)
    for pipeline in (LOIHI_GRADED, TIME_SLOTS):
        graph = run_passes(sample.graph, pipeline)
        after = run(graph, sample.inputs)
        slots = graph.timesteps // sample.graph.timesteps
        np.testing.assert_allclose(after.logits, before.logits, atol=1e-9)
        for unit, multi in before.raster.items():
            sent = after.raster[unit].reshape(len(multi), sample.graph.timesteps, slots, *multi.shape[2:])
            np.testing.assert_array_equal(sent.sum(axis=2), multi)


def test_a_pipeline_runs_its_passes_from_left_to_right():
    graph = residual_net().graph
    first, second = (lambda g, word=word: g.replace(name=f"{g.name} {word}") for word in ("one", "two"))
    assert run_passes(graph, (first, second)).name == "network one two"
    assert run_passes(graph, (second, first)).name == "network two one"
    assert run_passes(graph, ()) is graph


@settings(max_examples=15, deadline=None)
@given(residual_nets)
def test_what_the_pipelines_promise_of_their_graphs_holds(sample):
    channels = compile_channels(sample.graph)
    assert not channels.of_type(Norm, MLF, Pool, Flatten)
    assert all(
        isinstance(channels.nodes[e.source], SYNAPSES) for n in channels.of_type(LIF) for e in channels.into(n.name)
    )
    depths(channels)  # balanced, or an InputError
    graded, slotted = run_passes(sample.graph, LOIHI_GRADED), run_passes(sample.graph, TIME_SLOTS)
    assert set(graded.units()) == set(slotted.units()) == set(sample.graph.units())
    assert all(len(nodes) == 1 for nodes in (*graded.units().values(), *slotted.units().values()))
    folded = run_passes(sample.graph, FLOAT)
    assert {n.name for n in folded.of_type(MLF)} == {n.name for n in sample.graph.of_type(MLF)}


def test_an_unknown_way_in_names_those_there_are():
    with pytest.raises(InputError, match="no way for the input to enter 'volts'; give one of messages, current"):
        compile_channels(residual_net().graph, input_as="volts")
