"""Several processes write the report of one, from shards that are the same whoever counts them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from snnhw.errors import InputError
from snnhw.workflows.processes import WHOLE, Part, part_of, portion, portion_of_all, receive_rows, share

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_two_processes_write_the_report_of_one(tmp_path):
    """One sample more for the first process than for the second; all but date and command is equal."""
    arguments = ["-m", "snnhw", "report", "digits", "--input", "digits:test", "--samples", "25", "--by-step", "-q"]
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    for name, several in (("one", []), ("two", launch)):
        command = [sys.executable, *several, *arguments, "--out", str(tmp_path / name)]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, cwd=ROOT)
        assert done.returncode == 0, done.stderr[-3000:]
    one, two = (json.loads((tmp_path / name / "report.json").read_text()) for name in ("one", "two"))
    assert one["samples"] == two["samples"] == 25
    for key in set(one) - {"stamp"}:
        assert one[key] == two[key], key
    for file in ("layers.csv", "energy.csv", "steps.csv", "counts.parquet"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    steps, layers = (pd.read_csv(tmp_path / "one" / file) for file in ("steps.csv", "layers.csv"))
    columns = ["spikes_l1", "events", "unit_synops", "replicated_synops", "macs", "neuron_updates"]
    pd.testing.assert_frame_equal(
        steps.groupby("name", sort=False)[columns].sum().reset_index(), layers[["name", *columns]]
    )
    assert len(one["steps"]) == one["timesteps"]
    assert sum(step["events"] for step in one["steps"]) == one["totals"]["events"]


@pytest.mark.parametrize(("samples", "together"), [(24, 1), (25, 1), (1000, 62), (64, 64), (7, 3)])
def test_portions_are_whole_shards_and_cover_all_samples_once(samples, together):
    shards = -(-samples // together)
    for parts in (1, 2, 3, 5, shards):
        if parts > shards:
            continue
        found = [portion(samples, together, Part(i, parts)) for i in range(1, parts + 1)]
        assert [n for numbers in found for n in numbers] == list(range(samples))
        assert all(numbers.start % together == 0 and len(numbers) for numbers in found)
        assert [portion_of_all(samples, together, Part(i, parts)) for i in range(1, parts + 1)] == found
    with pytest.raises(InputError, match=f"too few for {shards + 1} parts"):
        portion(samples, together, Part(1, shards + 1))


def test_a_part_is_named_as_i_of_n():
    assert part_of(None) == WHOLE and part_of("2/8") == Part(2, 8) and part_of("2/8").name == "2of8"
    for wrong in ("", "2", "0/8", "9/8", "-1/8", "a/b", "1/2/3", "1/9999999", "²/3"):
        with pytest.raises(InputError, match="is no part of the samples"):
            part_of(wrong)


def test_the_share_of_a_process_keeps_the_checksum_of_all(some):
    mine = share(some, range(4, 9))
    assert len(mine) == 5 and mine.checksum == some.checksum and (mine.targets == some.targets[4:9]).all()
    assert share(some, range(24)) is some


def test_one_process_receives_nothing():
    assert list(receive_rows()) == []
