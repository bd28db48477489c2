"""Parts of a run: of several processes and machines, killed or not, they are one table, byte for byte."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from snnhw.errors import InputError
from snnhw.workflows import measuring
from snnhw.workflows.processes import WHOLE, Part
from snnhw.workflows.report import ReportOptions, make_report
from snnhw.workflows.shards import count_part, file_of
from snnhw.workflows.stored import merge

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def one(digits, some, tmp_path_factory):
    """The table of one process."""
    return count_part(digits, some, tmp_path_factory.mktemp("one"), WHOLE).path.read_bytes()


def test_a_report_writes_the_same_table(digits, some, one, tmp_path):
    make_report(digits, some, tmp_path, ReportOptions())
    assert (tmp_path / "counts.parquet").read_bytes() == one


@pytest.mark.parametrize("parts", [1, 2, 3, 7])
def test_parts_put_together_are_the_table_of_one_run(digits, some, one, tmp_path, parts):
    """Each part in a folder of its own, as on machines that share none."""
    made = [count_part(digits, some, tmp_path / f"machine{i}", Part(i, parts)) for i in range(1, parts + 1)]
    assert [counted.path.name for counted in made] == [file_of(Part(i, parts)) for i in range(1, parts + 1)]
    assert sum(len(counted.samples) for counted in made) == 24 and all(counted.fresh for counted in made)
    for order in (made, made[::-1]):
        merge([counted.path for counted in order], tmp_path / "all.parquet")
        assert (tmp_path / "all.parquet").read_bytes() == one
    assert [path.name for path in (tmp_path / "machine1").iterdir()] == [file_of(Part(1, parts))]


def launched(processes: int, *arguments: str) -> None:
    """The command line under torchrun, one thread in each process."""
    launch = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"] if processes > 1 else []
    command = [sys.executable, *launch, "-m", "snnhw", "report", "digits", "--input", "digits:test", "--samples", "24"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, "-q", *arguments], env=environment, capture_output=True, text=True, timeout=300, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2, 4])
def test_several_processes_write_the_table_of_one(one, tmp_path, processes):
    launched(processes, "--out", str(tmp_path))
    assert (tmp_path / "counts.parquet").read_bytes() == one
    assert not list(tmp_path.glob("unfinished*"))


@pytest.mark.slow
def test_two_machines_of_two_processes_write_the_table_of_one(one, tmp_path):
    """Each machine has a folder of its own and its own group of processes; only the two files meet."""
    for machine in (2, 1):
        launched(2, "--out", str(tmp_path / f"machine{machine}"), "--shard", f"{machine}/2")
    files = sorted(tmp_path.glob("machine*/*"))
    assert [path.name for path in files] == ["counts-1of2.parquet", "counts-2of2.parquet"]
    merge(files, tmp_path / "all.parquet")
    assert (tmp_path / "all.parquet").read_bytes() == one


class KilledError(Exception):
    """In place of the signal."""


def test_a_finished_part_is_not_counted_again_and_a_killed_one_goes_on(digits, some, one, tmp_path, monkeypatch):
    ran, run = [], measuring.simulate_in_batches

    def counted(*arguments, **options):
        for record in run(*arguments, **options):
            ran.append(record.samples)
            yield record

    monkeypatch.setattr(measuring, "simulate_in_batches", counted)
    monkeypatch.setattr("snnhw.workflows.unfinished.EVERY_S", 0.0)
    monkeypatch.setattr("snnhw.workflows.unfinished.SHARE", 0)

    def kill(stage, finished, total):
        if finished == 5:
            raise KilledError

    with pytest.raises(KilledError):
        count_part(digits, some, tmp_path, Part(1, 2), kill)
    assert not list(tmp_path.glob("*.parquet")) and sum(ran) == 5
    first = count_part(digits, some, tmp_path, Part(1, 2))
    assert first.fresh and sum(ran) == 12  # seven more
    again = count_part(digits, some, tmp_path, Part(1, 2))
    assert not again.fresh and sum(ran) == 12 and again.path == first.path
    second = count_part(digits, some, tmp_path, Part(2, 2))
    merge([second.path, first.path], tmp_path / "all.parquet")
    assert (tmp_path / "all.parquet").read_bytes() == one
    count_part(digits, some, tmp_path, Part(1, 2), force=True)
    assert sum(ran) == 36


def test_a_file_of_other_counts_is_not_taken_for_the_part(digits, some, tmp_path):
    count_part(digits, some.first(20), tmp_path, Part(1, 2))
    with pytest.raises(InputError, match=r"holds counts of .*samples 0 to 9 of 20, and others are asked for"):
        count_part(digits, some, tmp_path, Part(1, 2))
    (tmp_path / file_of(Part(2, 2))).write_bytes(b"PAR1")
    with pytest.raises(InputError, match=r"no whole Parquet file.*or give --force"):
        count_part(digits, some, tmp_path, Part(2, 2))
    assert count_part(digits, some, tmp_path, Part(2, 2), force=True).fresh


def test_more_parts_than_shards_are_refused(digits, some, tmp_path):
    with pytest.raises(InputError, match="24 samples are too few for 25 parts"):
        count_part(digits, some, tmp_path, Part(1, 25))
    assert not list(tmp_path.iterdir())


def test_without_pyarrow_a_part_is_refused(digits, some, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(InputError, match=r"pip install 'snnhw\[counts\]'"):
        count_part(digits, some, tmp_path, Part(1, 2))
