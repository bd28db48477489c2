"""Sums of samples: of one run, of a killed one that goes on, and in memory that does not grow."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from snnhw.analysis.counting.count import count
from snnhw.analysis.counting.streaming import count_steps
from snnhw.data.samples import inputs_of
from snnhw.errors import InputError
from snnhw.simulation.engine import check_sample, simulate
from snnhw.workflows import measuring, unfinished
from snnhw.workflows.measuring import Keeping, measure
from snnhw.workflows.report import ReportOptions, make_report

ROOT = Path(__file__).parents[2]


def same(one, two):
    """Whether two results of `measure` are equal bit for bit."""
    for name, unit in one.record.units.items():
        for key in ("levels", "graded_spikes", "levels_t"):
            np.testing.assert_array_equal(getattr(unit, key), getattr(two.record.units[name], key))
    return (one.accuracy, one.steps, one.record.samples) == (two.accuracy, two.steps, two.record.samples)


@pytest.fixture
def small_batches(monkeypatch, digits):
    """Up to four samples run together, one of 24, and the sums are kept behind every batch."""
    monkeypatch.setattr("snnhw.simulation.engine.NEAR_BYTES", 4 * check_sample(digits.graph))
    monkeypatch.setattr(unfinished, "EVERY_S", 0.0)
    monkeypatch.setattr(unfinished, "SHARE", 0)


def test_accuracy_and_counts_are_those_of_the_samples(digits, some):
    measured, record = measure(digits, some, by_step=True), simulate(digits.graph, some.values)
    assert measured.record.samples == 24 and not len(measured.record.logits)
    assert count(digits.graph, measured.record) == count(digits.graph, record)
    assert measured.accuracy == {"float": float(np.mean(record.logits.argmax(axis=1) == some.targets))}
    assert measured.steps == count_steps(digits.graph, [some.values])


class KilledError(Exception):
    """In place of the signal."""


@pytest.mark.parametrize("by_step", [False, True])
@pytest.mark.parametrize("at", [4, 12, 20])
def test_a_killed_measurement_goes_on_where_it_was(digits, some, small_batches, tmp_path, monkeypatch, at, by_step):
    ran, told, killed = [], [], []
    whole = measure(digits, some, by_step=by_step)
    run = measuring.simulate_in_batches

    def counted(*arguments, **options):
        for record in run(*arguments, **options):
            ran.append(record.samples)
            yield record

    def tick(stage, finished, total):
        told.append(finished)
        if finished == at and not killed:
            killed.append(at)
            raise KilledError

    monkeypatch.setattr(measuring, "simulate_in_batches", counted)
    with pytest.raises(KilledError):
        measure(digits, some, tick, by_step=by_step, keeping=Keeping(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["unfinished.npz"] and sum(ran) == at
    before = len(told)
    again = measure(digits, some, tick, by_step=by_step, keeping=Keeping(tmp_path))
    assert same(again, whole) and sum(ran) == 24 and told[before:] == list(range(at, 25))


def test_what_was_kept_of_something_else_is_not_gone_on_with(digits, some, small_batches, tmp_path):
    def kill(stage, finished, total):
        if finished == 8:
            raise KilledError

    with pytest.raises(KilledError):
        measure(digits, some, kill, keeping=Keeping(tmp_path))
    other = inputs_of("other", some.values[::-1].copy(), some.targets[::-1].copy())
    begun = []
    found = measure(digits, other, lambda stage, finished, total: begun.append(finished), keeping=Keeping(tmp_path))
    assert begun[0] == 0 and same(found, measure(digits, other))


def test_a_damaged_file_and_one_of_somebody_else_are_refused(digits, some, small_batches, tmp_path):
    place = tmp_path / "unfinished.npz"
    np.savez(place, values=np.zeros(3))
    with pytest.raises(InputError, match=r"no array 'about'.*or give --force"):
        measure(digits, some, keeping=Keeping(tmp_path))
    assert np.load(place)["values"].tolist() == [0, 0, 0]
    assert same(measure(digits, some, keeping=Keeping(tmp_path, force=True)), measure(digits, some))
    whole = bytearray(place.read_bytes())
    whole[len(whole) // 2] ^= 1
    place.write_bytes(whole)
    with pytest.raises(InputError, match=r"unfinished.npz.*(damaged|no NumPy file).*or give --force"):
        measure(digits, some, keeping=Keeping(tmp_path))


BODY = """
import os, signal, sys
from pathlib import Path
from snnhw.data.inputs import load_inputs
from snnhw.simulation import engine
from snnhw.workflows import report, unfinished
from snnhw.workflows.load import load_model
model = load_model("digits")
engine.NEAR_BYTES, unfinished.EVERY_S, unfinished.SHARE = 4 * engine.check_sample(model.graph), 0.0, 0
at, folder = int(sys.argv[1]), Path(sys.argv[2])
write, written = unfinished.write_atomically, []

def half(path, fill):
    def torn(file):
        file.write(b"PK half")
        os.kill(os.getpid(), signal.SIGKILL)
    written.append(path)
    return write(path, torn if at < 0 and len(written) == -at else fill)

def tick(stage, finished, total):
    if stage == "simulation" and finished == at:
        os.kill(os.getpid(), signal.SIGKILL)

unfinished.write_atomically = half
report.make_report(model, load_inputs("digits:test").first(24), folder, progress=tick)
"""


@pytest.mark.slow
def test_a_report_killed_again_and_again_is_that_of_one_that_was_not(digits, some, small_batches, tmp_path):
    """By the signal that nobody can catch: between two batches, and while the sums are being written."""
    for at in (4, -1, -2, 16, 0):
        command = [sys.executable, "-c", BODY, str(at), str(tmp_path / "killed")]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, cwd=ROOT)
        assert done.returncode == (-signal.SIGKILL if at else 0), done.stderr[-2000:]
    names = {path.name for path in (tmp_path / "killed").iterdir()}
    assert names == {"report.json", "report.html", "layers.csv", "energy.csv", "counts.parquet"}
    make_report(digits, some, tmp_path / "whole", ReportOptions())
    for name in ("layers.csv", "energy.csv", "counts.parquet"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_what_is_kept_does_not_grow_with_the_samples(digits, some, small_batches, tmp_path):
    """Nor does what is returned: no array of it has the samples as an axis."""
    many = some.take(np.arange(240) % 24)
    sizes, arrays = [], []

    def look(stage, finished, total):
        if finished and finished < total:
            sizes.append((tmp_path / "unfinished.npz").stat().st_size)

    found = measure(digits, many, look, keeping=Keeping(tmp_path))
    assert len(sizes) == 59
    for record in (found.record, measure(digits, some).record):
        arrays.append(sum(a.nbytes for a in record.arrays().values()))
    assert arrays[0] == arrays[1] and max(sizes) < arrays[0]


@pytest.mark.parametrize("by_step", [False, True])
def test_memory_does_not_grow_with_the_samples(digits, some, by_step):
    """Of what NumPy and Python hold, the samples themselves left out; torch gives back what a batch took."""
    peaks = []
    for samples in (1024, 1024, 4096):  # the first run imports and compiles; of so many, as many run together
        many = some.take(np.arange(samples) % 24)
        tracemalloc.start()
        measure(digits, many, by_step=by_step)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < 1.1 * peaks[1]
