"""A few kills of each kind leave nothing behind, and what comes after has the bits of a run that was not killed."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "kills.py"
LINE = re.compile(r"^(train|report|sweep|verify|Lava) +(\d+) +0  (.+)$", re.MULTILINE)


def kills(number, *options):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(SCRIPT), "--kills", str(number), *options]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{number} kills, 0 faults" in done.stdout.splitlines()[-1]
    return LINE.findall(done.stdout)


@pytest.mark.slow
def test_training():
    ((verb, number, _),) = kills(3, "--only", "train")
    assert (verb, number) == ("train", "3")


@pytest.mark.very_slow
@pytest.mark.lava
def test_reports_and_lava():
    assert [verb for verb, _, _ in kills(5, "--only", "report")] == ["report"]
    assert [verb for verb, _, _ in kills(2, "--only", "sweep")] == ["sweep"]
    assert [verb for verb, _, _ in kills(2, "--only", "verify")] == ["verify"]
    assert [verb for verb, _, _ in kills(4, "--only", "Lava")] == ["Lava"]
