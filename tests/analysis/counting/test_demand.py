"""The counts of any run follow from its demand, and no column of it can be left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.analysis.counting.count import count
from snnhw.analysis.counting.demand import GRADED, SYNOPS, Column, demand
from snnhw.graph.ir import ILIF, LIF, Edge, Graph, Input, Linear, Readout
from snnhw.passes import DEPLOYMENTS, FLOAT, compile_channels, deploy, run_passes
from snnhw.simulation.engine import simulate
from tests.analysis.counting.test_mixed_sums import mixed
from tests.analysis.counting.test_products import NETWORKS, run
from tests.analysis.stored.runs import rows_of
from tests.nets import residual_net, residual_nets, with_integer_neurons
from tests.simulation.test_recurrent import recurrent_net


def same(graph: Graph, inputs: np.ndarray) -> None:
    """Counts of the sums of all rows are those of the record, and so are those of every sample alone."""
    rows, wanted = (
        rows_of(graph, inputs),
        demand(graph, graph.timesteps, stepped=inputs.ndim > 1 + len(graph.input.shape)),
    )
    assert wanted.counts(rows.sum(axis=0), len(inputs)) == count(graph, simulate(graph, inputs))
    one = simulate(graph, inputs[-1:])
    assert wanted.counts(rows[-1], 1) == count(graph, one)


@given(residual_nets)
@settings(max_examples=15)
def test_counts_follow_from_the_demand_of_any_network(sample):
    same(run_passes(sample.graph, FLOAT), sample.inputs)


@pytest.mark.parametrize("how", [name for name, kind in DEPLOYMENTS.items() if kind.passes])
def test_of_every_deployment(how):
    sample = residual_net(1)
    same(deploy(run_passes(sample.graph, FLOAT), how), sample.inputs)


def test_of_the_channels_that_a_compiler_makes():
    sample = residual_net(2)
    same(compile_channels(sample.graph), sample.inputs)


@given(st.integers(0, 2**31), st.booleans(), st.booleans())
@settings(max_examples=10)
def test_of_recurrent_networks_and_of_data_with_steps(seed, loop, static):
    graph = recurrent_net(seed, loop, 2)
    same(graph, np.random.default_rng(seed).uniform(-1, 2, (3, 3) if static else (3, 7, 3)))


@pytest.mark.parametrize("events", [False, True])
@pytest.mark.parametrize("late", [False, True])
def test_of_layers_that_take_sums_of_values_and_spikes_and_of_events(events, late):
    rng = np.random.default_rng(1)
    x = rng.integers(0, 2, (5, 3, 4)).astype(float) if events else rng.normal(size=(5, 3, 4))
    same(mixed(events=events, late=late), x)


def test_of_events_with_several_levels_and_of_a_level_that_is_not_connected():
    nodes = [
        Input(name="x", shape=(4,), levels=3),
        Linear(name="first", shape=(5,), weight=np.ones((5, 4)) * np.array([1, 0, 1, 1])),
        LIF(name="low", shape=(5,), decay=0.5, threshold=1.0, unit="both", level=1),
        LIF(name="high", shape=(5,), decay=0.5, threshold=3.0, unit="both", level=2),
        Linear(name="fc", shape=(2,), weight=np.ones((2, 5))),
        Readout(name="readout", shape=(2,)),
    ]
    edges = [
        Edge(*pair) for pair in (("x", "first"), ("first", "low"), ("first", "high"), ("high", "fc"), ("fc", "readout"))
    ]
    graph = Graph.build(nodes, edges, timesteps=3)
    inputs = np.random.default_rng(0).integers(0, 4, (4, 3, 4)).astype(float)
    same(graph, inputs)
    same(graph, inputs[:, 0])


def test_of_integer_neurons_whose_levels_share_a_membrane():
    graph = with_integer_neurons(run_passes(residual_net(4).graph, FLOAT), 3, 0.5)
    assert graph.of_type(ILIF)
    same(graph, residual_net(4).inputs)


@pytest.mark.parametrize("name", NETWORKS)
def test_of_attention_whose_spikes_meet(name):
    same(run(name)[0].graph, np.random.default_rng(0).normal(0.5, 1, (3, 2, 8, 8)))


def test_every_column_changes_the_counts():
    graph = run_passes(residual_net(0).graph, FLOAT)
    wanted = demand(graph, graph.timesteps, stepped=False)
    silent = wanted.counts([0] * len(wanted.columns), 1)
    assert silent == wanted.silent
    for i in range(len(wanted.columns)):
        one = [int(i == j) for j in range(len(wanted.columns))]
        assert wanted.counts(one, 1) != silent, wanted.columns[i]
    assert len(set(wanted.columns)) == len(wanted.columns)
    assert Column(GRADED, "stem_mlf") in wanted.columns
    assert sum(c.quantity == SYNOPS for c in wanted.columns) == 3 * sum(way.counted for way in wanted.branches)


def test_what_every_sample_costs_alike_grows_with_the_samples():
    graph = run_passes(residual_net(0).graph, FLOAT)
    wanted = demand(graph, graph.timesteps, stepped=False)
    many = wanted.counts([0] * len(wanted.columns), 7)
    for key in ("macs", "bias_adds", "neuron_updates"):
        assert many.total(key) == 7 * wanted.silent.total(key)
    for key in ("dense_macs", "params"):
        assert many.total(key) == wanted.silent.total(key)
    assert replace(many, samples=1, layers=()) == replace(wanted.silent, layers=())
