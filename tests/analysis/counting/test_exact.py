"""Counts beyond what floats and 64 bits hold are exact, in JSON and CSV too."""

import csv
import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from snnhw.analysis.counting.count import count
from snnhw.analysis.counting.exact import total, weighted
from snnhw.analysis.counting.relay import relays
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.analysis.report.report import assemble
from snnhw.analysis.report.sections import Sections
from snnhw.analysis.report.stamp import Origin, make_stamp
from snnhw.analysis.report.writing import write_report
from snnhw.simulation.record import UnitRecord
from tests.analysis.nets import random_raster, record_of, small_net

COUNTS = st.tuples(array_shapes(max_dims=3), st.integers(0, 62)).flatmap(
    lambda known: st.tuples(*[arrays(np.int64, known[0], elements=st.integers(-(2 ** known[1]), 2 ** known[1]))] * 2)
)


@given(COUNTS)
def test_sums_are_those_of_python(pair):
    values, weights = pair
    assert total(values) == sum(map(int, values.flat))
    assert weighted(values, weights) == sum(int(a) * int(b) for a, b in zip(values.flat, weights.flat, strict=True))


FACTORS = [2**45 + 1, 2**56 + 1]  # sums beyond 2^53, and beyond 2^63


def times(record, factor):
    """The record of so many times the samples, in all of which the same happens."""
    units = {
        name: UnitRecord(*(array * factor for array in (unit.levels, unit.graded_spikes, unit.levels_t)))
        for name, unit in record.units.items()
    }
    return dataclasses.replace(record, samples=record.samples * factor, units=units, raster={})


@pytest.mark.parametrize("factor", FACTORS)
def test_counts_are_linear_in_the_samples_at_any_size(tmp_path, factor):
    graph = small_net()
    record = record_of(graph, random_raster(graph, np.random.default_rng(0), samples=1))
    small, large = count(graph, record), count(graph, times(record, factor))
    keys = ("events", "unit_synops", "replicated_synops", "macs", "bias_adds", "neuron_updates", "graded_spikes")
    for key in keys:
        assert large.total(key) == factor * small.total(key)
    assert max(large.total(key) for key in keys) > (2**63 if factor > 2**50 else 2**53)
    assert [tuple(n * factor for n in layer.spikes) for layer in small.layers] == [x.spikes for x in large.layers]
    assert [r.relay_synops for r in relays(graph, times(record, factor))] == [
        r.relay_synops * factor for r in relays(graph, dataclasses.replace(record, raster={}))
    ]
    profile = load_profile("loihi1-davies2018")
    stamp = make_stamp(Origin("a", "0" * 64), Origin("b", "0" * 64), profiles=[profile])
    write_report(assemble(graph, large, [profile], stamp, Sections()), tmp_path)
    found = json.loads((tmp_path / "report.json").read_text())
    with (tmp_path / "layers.csv").open() as file:
        rows = list(csv.DictReader(file))
    for layer, row, exact in zip(found["layers"], rows, small.layers, strict=True):
        for key in ("events", "unit_synops", "replicated_synops", "neuron_updates", "graded_spikes"):
            assert layer[key] == getattr(exact, key) * factor and row[key] == str(layer[key])
    assert found["totals"]["unit_synops"] == small.total("unit_synops") * factor
