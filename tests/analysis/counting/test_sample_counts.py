"""Rows of samples: each is that of the sample alone, whatever runs with it; the oracle counts event by event."""

from __future__ import annotations

import numpy as np
import pytest

from snnhw.analysis.counting.demand import EVENTS, GRADED, SPIKES, SYNOPS, demand
from snnhw.analysis.counting.sample_counts import SampleCounter, _through, one_by_one
from snnhw.errors import InputError
from snnhw.passes import FLOAT, run_passes
from snnhw.simulation.engine import simulate
from snnhw.simulation.frames import check_inputs
from tests.analysis.counting.test_products import NETWORKS, run
from tests.analysis.stored.runs import network, rows_of
from tests.nets import residual_net
from tests.oracle import computed_once, count_events


def test_a_row_is_that_of_the_sample_alone():
    graph, inputs = network()
    rows = rows_of(graph, inputs)
    for n in range(len(inputs)):
        np.testing.assert_array_equal(rows[n], rows_of(graph, inputs[n : n + 1])[0])
    assert rows.dtype == np.int64 and (rows.std(axis=0) > 0).any()


def test_rows_of_a_sample_are_what_the_oracle_counts_event_by_event():
    sample = residual_net(5, samples=2, size=5, widths=(3,))
    graph = run_passes(sample.graph, FLOAT)
    wanted = demand(graph, graph.timesteps, stepped=False)
    for n in range(2):
        record = simulate(graph, sample.inputs[n : n + 1], raster=True)
        told = computed_once(count_events(graph, record.raster)).values()
        row = dict(zip(wanted.columns, rows_of(graph, sample.inputs)[n], strict=True))
        synops = sum(value for column, value in row.items() if column.quantity == SYNOPS)
        events = sum(value for column, value in row.items() if column.quantity == EVENTS)
        assert [events, synops] == [sum(e for e, _ in told), sum(u for _, u in told)]
        spikes = sum(value for column, value in row.items() if column.quantity == SPIKES)
        assert spikes == sum(int(raster.sum()) for raster in record.raster.values())
        graded = sum(value for column, value in row.items() if column.quantity == GRADED)
        assert graded == sum(int(raster.any(axis=2).sum()) for raster in record.raster.values())


def test_sums_beyond_what_floats_hold_are_exact():
    often, reach = np.full((2, 3), 2**31, np.int64), np.array([[2**30], [1], [3]], np.int64)
    assert _through(often, reach).tolist() == [[2**61 + 2**33]] * 2


def test_products_of_spikes_are_counted_one_sample_at_a_time():
    graph = run(next(iter(NETWORKS)))[0].graph
    inputs = np.random.default_rng(0).normal(0.5, 1, (2, 2, 8, 8))
    assert one_by_one(graph) and not one_by_one(network()[0])
    counter = SampleCounter(graph, demand(graph, graph.timesteps, stepped=False))
    with pytest.raises(InputError, match="run one sample at a time"):
        counter.rows(simulate(graph, inputs, raster=True), check_inputs(graph, inputs))
