"""Several processes write the report of one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

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
    for file in ("layers.csv", "energy.csv", "steps.csv"):
        assert (tmp_path / "one" / file).read_text() == (tmp_path / "two" / file).read_text()
    steps, layers = (pd.read_csv(tmp_path / "one" / file) for file in ("steps.csv", "layers.csv"))
    columns = ["spikes_l1", "events", "unit_synops", "replicated_synops", "macs", "neuron_updates"]
    pd.testing.assert_frame_equal(
        steps.groupby("name", sort=False)[columns].sum().reset_index(), layers[["name", *columns]]
    )
    assert len(one["steps"]) == one["timesteps"]
    assert sum(step["events"] for step in one["steps"]) == one["totals"]["events"]
