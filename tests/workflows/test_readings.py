"""A file of an unknown writer: how many spikes each reading gives, against neurons stepped by hand."""

from __future__ import annotations

import nir
import numpy as np
import pytest

from snnhw.data.samples import Samples, inputs_of
from snnhw.graph.assumptions import WRITER_RECOGNISED, WRITER_UNKNOWN
from snnhw.graph.finding import Finding
from snnhw.nir.reading import Reading
from snnhw.workflows import readings
from snnhw.workflows.for_data import for_data
from snnhw.workflows.load import load_model
from snnhw.workflows.readings import with_readings
from snnhw.workflows.report import build_report
from snnhw.workflows.simulate import simulate
from tests.nir.read.foreign import chain, full

STEPS, SIZE, DT = 20, 6, 1e-4


def events(samples: int) -> Samples:
    values = np.random.default_rng(5).integers(0, 2, (samples, STEPS, SIZE)).astype(np.float32)
    return inputs_of("x.npy", values, None).of_kind("events")


def written(path, *, tau: float = 2 * DT, r: float | None = None, name: str = "net.nir"):
    """Weights in quarters and thresholds 1: many membranes end at the threshold. r = 1 leaves no trace of a writer."""
    weight = np.random.default_rng(1).integers(-2, 5, (5, SIZE)).astype(np.float32) / 4
    neurons = nir.LIF(
        full((5,), tau), full((5,), tau / DT if r is None else r), full((5,), 0), full((5,), 1), full((5,), 0)
    )
    nir.write(path / name, chain(nir.Linear(weight), neurons, shape=(SIZE,)))
    return path / name, weight


def spikes(x, weight, *, decay=0.5, gain=1.0, at_threshold=False, subtract=False) -> int:
    """All spikes of one layer, step by step."""
    v, total = np.zeros((len(x), len(weight))), 0
    for t in range(x.shape[1]):
        v = decay * v + gain * (x[:, t] @ weight.T.astype(np.float64))
        fired = v >= 1 if at_threshold else v > 1
        total += int(fired.sum())
        v = np.where(fired, v - 1 if subtract else 0.0, v)
    return total


def asked(findings: tuple[Finding, ...]) -> Finding:
    (finding,) = (f for f in findings if f.code in (WRITER_UNKNOWN, WRITER_RECOGNISED))
    return finding


def test_the_spikes_of_each_reading_of_a_file_of_nobody_known(tmp_path):
    path, weight = written(tmp_path, r=1.0)
    data, gain = events(6), 0.5
    model = for_data(load_model(path), data)
    told = with_readings(model, data)
    expected = {
        "as read": spikes(data.values, weight, gain=gain),
        "if neurons fire at the threshold too": spikes(data.values, weight, gain=gain, at_threshold=True),
        "if they subtract the threshold": spikes(data.values, weight, gain=gain, subtract=True),
        "if they decay by exp(-dt/tau)": spikes(data.values, weight, decay=np.exp(-0.5)),
    }
    assert len(set(expected.values())) == 4
    text = ", ".join(f"{n} {name}" for name, n in expected.items())
    assert asked(told.findings).message.endswith(f"; spikes on 6 samples of x.npy: {text}")
    assert asked(told.findings).severity == "warning" and asked(told.graph.findings) == asked(told.findings)
    assert asked(simulate(load_model(path), data, tmp_path / "a.npz").findings) == asked(told.findings)
    assert asked(build_report(load_model(path), data).findings) == asked(told.findings)


def test_a_writer_that_is_recognised_is_one_reading(tmp_path):
    """r = tau/dt in float32 with dt = 1e-4 is what snnTorch writes, whose neurons subtract in the next step."""
    path, weight = written(tmp_path)
    data = events(2)
    found = asked(with_readings(for_data(load_model(path), data), data).findings)
    assert found.code == WRITER_RECOGNISED
    v, owed, late = np.zeros((2, 5)), np.zeros((2, 5)), 0
    for t in range(STEPS):
        v = 0.5 * v + data.values[:, t] @ weight.T - owed
        owed = (v > 1).astype(float)
        late += int(owed.sum())
    text = f"spikes on 2 samples of x.npy: {spikes(data.values, weight)} as read, {late} as snntorch steps it"
    assert found.message.endswith(text)


def test_where_all_readings_agree_it_is_an_info(tmp_path):
    path, _ = written(tmp_path, r=1.0)
    dark = inputs_of("dark.npy", np.zeros((2, STEPS, SIZE), np.float32), None)
    found = asked(with_readings(for_data(load_model(path), dark), dark).findings)
    assert found.severity == "info" and "on 2 samples of dark.npy this makes no difference" in found.message
    assert "all readings give the same 0 spikes" in found.message


def test_few_samples_are_run_and_none_of_a_large_network(tmp_path, monkeypatch):
    path, _ = written(tmp_path, r=1.0)
    data = events(40)
    model = for_data(load_model(path), data)
    assert readings.work(model.graph) == STEPS * (5 * SIZE + 5)
    assert "spikes on 16 samples of x.npy" in asked(with_readings(model, data).findings).message
    monkeypatch.setattr(readings, "WORK", 3 * readings.work(model.graph))
    assert "spikes on 3 samples of x.npy" in asked(with_readings(model, data).findings).message
    monkeypatch.setattr(readings, "WORK", readings.work(model.graph) - 1)
    assert (
        "its readings are not compared: one sample takes 700 operations"
        in asked(with_readings(model, data).findings).message
    )


@pytest.mark.parametrize("told", [{"written_by": "nir"}, {"written_by": "sinabs", "dt": DT}])
def test_where_the_writer_is_said_nothing_else_runs(tmp_path, told, monkeypatch):
    model = for_data(load_model(written(tmp_path, r=1.0)[0], Reading(**told)), events(2))
    monkeypatch.setattr(readings, "simulate", None)
    assert with_readings(model, events(2)) is model


def test_a_reset_that_is_said_is_no_reading(tmp_path):
    path, _ = written(tmp_path, r=1.0)
    data = events(2)
    found = asked(with_readings(for_data(load_model(path, Reading(reset="subtract")), data), data).findings)
    assert "if they subtract the threshold" not in found.message and "if they decay by" in found.message
