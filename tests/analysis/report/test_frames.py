"""Frames hold the numbers of counts and estimates, one row for each layer, step or part."""

import numpy as np
import pytest

from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.hardware.profiles import available_profiles, load_profile
from snnhw.analysis.report.frames import energy_frame, layers_frame, steps_frame
from snnhw.simulation.engine import simulate
from tests.analysis.nets import record_of, small_net


@pytest.fixture(scope="module")
def counts():
    graph = small_net()
    return count(graph, simulate(graph, np.random.default_rng(3).normal(size=(4, 2, 6, 6)) * 2))


def test_frames_hold_the_same_numbers(counts):
    layers = layers_frame(counts)
    assert list(layers["name"]) == ["stem_mlf", "body_mlf", "readout"]
    for key in ("events", "unit_synops", "replicated_synops", "neuron_updates", "macs", "dense_macs"):
        assert layers[key].sum() == counts.total(key)
    assert layers[[f"spikes_l{k}" for k in (1, 2, 3)]].to_numpy().sum() == counts.total("spikes")
    estimates = {name: estimate(counts, load_profile(name)) for name in available_profiles()}
    energy = energy_frame(estimates)
    for name, expected in estimates.items():
        found = energy[energy["profile"] == name]
        assert found["typical_j"].sum() == pytest.approx(expected.per_inference.typical, rel=1e-12)
        assert found["high_j"].sum() == pytest.approx(expected.per_inference.high, rel=1e-12)


def test_steps_of_a_run_add_up_to_its_layers(counts):
    graph = small_net()
    record = simulate(graph, np.random.default_rng(3).normal(size=(4, 2, 6, 6)) * 2, raster=True)
    step, parts = graph.replace(timesteps=1), []
    for t in range(record.timesteps):
        raster = {name: spikes[:, t : t + 1] for name, spikes in record.raster.items()}
        parts.append(count(step, record_of(step, raster, classes=5)))
    frame, whole = steps_frame(parts), layers_frame(counts)
    assert list(frame["step"]) == [1] * 3 + [2] * 3 + [3] * 3
    assert list(frame.columns[:2]) == ["step", "name"] and "synapses" not in frame  # the network alone decides those
    summed = frame.drop(columns="step").groupby("name", sort=False).sum()
    for column in summed.columns:
        assert list(summed[column]) == list(whole[column]), column


def test_levels_that_a_layer_lacks_are_zero(counts):
    frame = layers_frame(counts).set_index("name")
    for layer in counts.layers:
        sent = [int(frame.loc[layer.name, f"spikes_l{k}"]) for k in (1, 2, 3)]
        assert sent == [*layer.spikes, 0, 0, 0][:3]
    assert frame.loc["body_mlf", "shape"] == "2x6x6" and frame.loc["body_mlf", "synapse_nodes"] == "body"


def test_parts_of_a_layer_are_sums_of_their_terms(counts):
    found = estimate(counts, load_profile("loihi1-davies2018"))
    frame = energy_frame({"mine": found})
    assert set(frame["profile"]) == {"mine"} and set(frame["deployment"]) == {found.deployment}
    assert not frame.duplicated(["layer", "part"]).any()
    for row in frame.itertuples():
        terms = [t.energy for t in found.terms if (t.layer, t.part) == (row.layer, row.part)]
        for end in ("low", "typical", "high"):
            assert getattr(row, f"{end}_j") == pytest.approx(sum(getattr(e, end) for e in terms), rel=1e-12)


def test_without_an_estimate_the_columns_are_there():
    assert list(energy_frame({}).columns) == ["profile", "deployment", "layer", "part", "low_j", "typical_j", "high_j"]
