"""What is kept of a measurement is read back as it was, or not at all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.analysis.counting.streaming import step_records
from snnhw.errors import InputError
from snnhw.simulation.engine import simulate
from snnhw.workflows import unfinished
from snnhw.workflows.unfinished import Sums, Unfinished, file_of, of_batch, remove
from tests.analysis.nets import networks


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Every sum is written."""
    monkeypatch.setattr(unfinished, "EVERY_S", 0.0)
    monkeypatch.setattr(unfinished, "SHARE", 0)


def sums_of(graph, seed, samples=2, correct=1) -> Sums:
    rng = np.random.default_rng(seed)
    shape = (samples, graph.timesteps, *graph.input.shape) if seed % 2 else (samples, *graph.input.shape)
    inputs = rng.integers(0, (graph.input.levels or 3) + 1, shape).astype(np.float32)
    record = simulate(graph, inputs, raster=True)
    return of_batch(record, step_records(graph, inputs, record), correct)


def same(one: Sums, other: Sums) -> bool:
    for a, b in zip(one.records, other.records, strict=True):
        assert (a.samples, a.timesteps, a.stepped) == (b.samples, b.timesteps, b.stepped)
        assert a.arrays().keys() == b.arrays().keys() and list(a.units) == list(b.units)
        for key, values in a.arrays().items():
            np.testing.assert_array_equal(values, b.arrays()[key])
    return one.correct == other.correct


@settings(max_examples=20)
@given(graph=networks(), seed=st.integers(0, 2**31))
def test_sums_come_back_bit_for_bit_and_add_up(tmp_path_factory, graph, seed):
    """Of every kind of network, in whole and step by step."""
    folder = tmp_path_factory.mktemp("kept")
    first, second = sums_of(graph, seed), sums_of(graph, seed + 2, samples=3, correct=2)
    Unfinished(folder, "key").save(first)
    back = Unfinished(folder, "key").read()
    assert back is not None and same(back, first)
    both = back + second
    assert (both.samples, both.correct) == (5, 3) and same(both, first + second)
    assert Unfinished(folder, "another key").read() is None


def test_a_changed_byte_is_noticed(tmp_path, digits, some):
    """Refused, or read as it was where nobody looks: in the zip's own remarks."""
    inputs = some.values[:2]
    sums = of_batch(simulate(digits.graph, inputs))
    kept = Unfinished(tmp_path, "key")
    kept.save(sums)
    whole, refused = kept.path.read_bytes(), 0
    for at in np.linspace(0, len(whole) - 1, 60).astype(int):
        changed = bytearray(whole)
        changed[at] ^= 0x10
        kept.path.write_bytes(changed)
        try:
            back = kept.read()
        except InputError as error:
            assert str(error).endswith(", or give --force.")
            refused += 1
        else:
            assert back is None or same(back, sums)
        assert Unfinished(tmp_path, "key", force=True).read() is None or at
    assert refused > 50


def test_sums_are_written_no_oftener_than_asked_for(tmp_path, monkeypatch, digits, some):
    now = [0.0]
    monkeypatch.setattr(unfinished.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(unfinished, "EVERY_S", 10.0)
    kept, sums, written = Unfinished(tmp_path, "key"), of_batch(simulate(digits.graph, some.values[:1])), []
    for second in range(25):
        now[0] = float(second)
        kept.save(sums)
        if kept.path.exists():
            written.append(second)
            kept.path.unlink()
    assert written == [10, 20]


def test_each_process_has_a_file_of_its_own_and_all_go_together(tmp_path, digits, some):
    sums = of_batch(simulate(digits.graph, some.values[:1]))
    for part in ("0of2", "1of2"):
        Unfinished(tmp_path, "key", part).save(sums)
    assert {p.name for p in tmp_path.iterdir()} == {file_of("0of2"), file_of("1of2")} != {file_of()}
    assert Unfinished(tmp_path, "key").read() is None
    remove(tmp_path, ("0of2", "1of2", "2of3"))
    assert not list(tmp_path.iterdir())
