"""The demo network (digits of the zoo) against witnesses: snntorch, Lava, the event-by-event oracle."""

from __future__ import annotations

import numpy as np
import pytest

from snnhw.analysis.counting.count import count
from snnhw.data.inputs import load_inputs
from snnhw.nir.io import write_nir
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE
from snnhw.workflows.load import load_model
from tests.nir.snntorch_runner import run_snntorch
from tests.oracle import count_events


@pytest.fixture(scope="module")
def digits():
    return load_model("digits"), load_inputs("digits:test")


def counted(graph, record):
    return {
        (edge.source, edge.synapse, edge.target): [edge.events, edge.unit_synops, edge.replicated_synops]
        for edge in count(graph, record).edges
    }


@pytest.mark.slow
def test_snntorch_runs_the_exported_file_spike_for_spike(digits, tmp_path):
    model, test = digits
    images = test.values[:20]
    path = write_nir(model.graph, tmp_path / "digits.nir")
    ours = simulate(model.graph, images, raster=True)
    theirs, outputs = run_snntorch(path, images, model.graph.timesteps)
    assert len(theirs) == 3 * len(ours.raster) == 27
    for unit, raster in ours.raster.items():
        for level in range(3):
            assert (theirs[f"{unit}_l{level + 1}"] == raster[:, :, level]).all(), (unit, level)
    np.testing.assert_allclose(outputs / model.graph.timesteps, ours.logits, atol=1e-5)


@pytest.mark.slow
def test_counts_equal_the_event_by_event_oracle_on_the_whole_test_split(digits):
    model, test = digits
    record = simulate(model.graph, test.values, raster=True)
    expected = {key: row for key, row in count_events(model.graph, record.raster).items() if any(row)}
    found = {key: row for key, row in counted(model.graph, record).items() if any(row)}
    assert found == expected and sum(row[1] for row in found.values()) > 100_000_000


@pytest.mark.lava
@pytest.mark.slow
def test_lava_equals_the_integer_engine_and_counts_the_same(digits):
    from snnhw.exporters.lava.run import RunOptions, run_lava

    model, test = digits
    graph = compile_loihi(model.graph, load_inputs("digits:train").values[:256]).graph
    images = test.values[:10]
    ours = simulate(graph, images, raster=True)
    lava = run_lava(graph, images, RunOptions(raster=True, timeout_s=300))
    for unit, raster in ours.raster.items():
        assert (lava.raster[unit] == raster).all(), unit
    assert (lava.logits == ours.logits).all()
    assert counted(graph, lava) == counted(graph, ours)


@pytest.mark.lava
@pytest.mark.slow
def test_lava_in_floats_equals_the_float64_engine(digits):
    from snnhw.exporters.lava.run import RunOptions, run_lava
    from snnhw.passes import compile_channels

    model, test = digits
    graph = compile_channels(model.graph)
    ours = simulate(graph, test.values[:5], execution=DOUBLE, raster=True)
    lava = run_lava(graph, test.values[:5], RunOptions(raster=True, timeout_s=300))
    for unit, raster in ours.raster.items():
        assert (lava.raster[unit] == raster).all(), unit
    np.testing.assert_allclose(lava.logits, ours.logits, atol=1e-9)


def test_accuracy_of_the_card_and_of_the_integers(digits):
    model, test = digits
    graph = compile_loihi(model.graph, load_inputs("digits:train").values[:256]).graph
    floats, integers = simulate(model.graph, test.values), simulate(graph, test.values)
    assert floats.accuracy(test.targets) == pytest.approx(model.card["accuracy"]) and model.card["accuracy"] >= 0.97
    assert integers.accuracy(test.targets) >= 0.965
