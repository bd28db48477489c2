"""Every example runs in an empty folder and leaves the report that it names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
RUN = {  # script -> (file it writes, something it must print)
    "quickstart.py": ("quickstart/report.html", "horowitz45-fp32:"),
    "own_chip/own_chip.py": ("own_chip_report/report.html", "mychip:"),
    "compare_deployments.py": (None, "spikes per level of the multi-level graph and of its channels are equal: True"),
    "snntorch_to_report.py": ("snntorch_report/report.html", "logits differ by 0.0e+00"),
    "official_checkpoint_to_report.py": ("official_report/report.html", "15 units, T = 10"),
}
OTHER_ENVIRONMENT = {"norse_cells.py"}  # run by benchmarks/conformance, where norse is installed


def test_every_example_is_listed():
    assert {p.relative_to(EXAMPLES).as_posix() for p in EXAMPLES.rglob("*.py")} == set(RUN) | OTHER_ENVIRONMENT


@pytest.mark.slow
@pytest.mark.parametrize("script", RUN)
def test_example(script, tmp_path):
    written, printed = RUN[script]
    command = (sys.executable, str(EXAMPLES / script))
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    assert printed in done.stdout
    if written is not None:
        assert (tmp_path / written).stat().st_size > 50_000
        report = json.loads((tmp_path / written).with_suffix(".json").read_text())
        assert report["totals"]["unit_synops"] > 0 and report["energy"]
