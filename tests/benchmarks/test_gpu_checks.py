import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "gpu_checks.py"


def run(*options):
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
    command = (sys.executable, str(SCRIPT), *options)
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def test_without_a_gpu_it_is_refused_in_one_sentence():
    done = run()
    assert done.returncode == 2 and done.stdout == ""
    assert "torch finds no CUDA device; --tiny runs everything on the CPU" in done.stderr


@pytest.mark.slow
def test_every_part_runs_on_the_cpu_and_says_that_it_judges_no_gpu(tmp_path):
    done = run("--tiny", "--out", str(tmp_path / "run"))
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert all(line.endswith("on the CPU: these are no numbers of a GPU") for line in (lines[0], lines[-1]))
    parts = [re.fullmatch(r"  (\w+) took \d+ s", line) for line in lines]
    assert [m[1] for m in parts if m] == ["steps", "played", "units", "engine", "training", "resumed"]
    for row in ("step, ours/floor", "step, plain/ours", "step, memory", "engine, CPU/device"):
        (line,) = (line for line in lines if line.startswith(row))
        assert not line.endswith(("ok", "NOT SO"))  # what is asked of a GPU alone
    judged = [line for line in lines if line.endswith(" ok")]
    assert len(judged) >= 10 and lines[-1].startswith(f"{len(judged)} of {len(judged)} as they have to be")
    assert (tmp_path / "run" / "model.json").is_file()


def test_a_part_that_breaks_does_not_hold():
    done = run("--tiny", "--only", "training", "--data", str(SCRIPT.parent))
    assert done.returncode == 1 and done.stdout.splitlines()[-1].startswith("0 of 1 as they have to be")
    assert "training, runs to its end" in done.stdout and "InputError: " in done.stdout
