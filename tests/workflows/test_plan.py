"""A plan is measured on the first samples and scaled; it writes nothing."""

from __future__ import annotations

import sys
from itertools import count as numbers

import pytest

from snnhw.errors import InputError
from snnhw.workflows.plan import plan
from snnhw.workflows.processes import Part
from snnhw.workflows.report import ReportOptions, make_report


def test_the_plan_scales_what_was_measured(digits, some, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ticks = numbers(0.0, 0.25)  # every shard takes a quarter of a second
    found = plan(digits, some, clock=lambda: next(ticks))
    assert (found.samples, found.shard_samples, found.shards, found.part_samples) == (24, 1, 24, 24)
    assert (found.measured_samples, found.seconds_per_sample, found.seconds) == (2, 0.25, 6.0)
    assert found.memory_bytes > 2**26 and not list(tmp_path.iterdir())
    make_report(digits, some, tmp_path / "report", ReportOptions())
    size = (tmp_path / "report" / "counts.parquet").stat().st_size
    assert 0.7 * size < found.file_bytes < 2 * size
    from snnhw.analysis.stored.table import read_counts

    assert found.rows == read_counts(tmp_path / "report" / "counts.parquet").values.size
    assert set(found.to_dict()) >= {"seconds", "memory_bytes", "shards"}


def test_the_plan_of_a_part_is_of_its_samples(digits, some):
    found = plan(digits, some, Part(2, 3))
    assert (found.part_samples, found.samples, found.shards) == (8, 24, 24)
    with pytest.raises(InputError, match="too few for 25 parts"):
        plan(digits, some, Part(1, 25))


def test_without_pyarrow_the_plan_has_no_file(digits, some, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    found = plan(digits, some)
    assert (found.rows, found.file_bytes) == (0, 0) and found.seconds > 0
