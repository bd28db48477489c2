import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "train_step.py"


def run(*options):
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
    command = (sys.executable, str(SCRIPT), *options)
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def test_cuda_where_there_is_none_is_refused_in_one_sentence():
    done = run("--device", "cuda")
    assert done.returncode == 2 and done.stdout == ""
    assert "torch finds no CUDA device; take --device cpu or" in done.stderr


@pytest.mark.slow
def test_bfloat16_steps_run_and_gradients_are_those_of_the_plain_network():
    done = run("--device", "cpu", "--precision", "bf16", "--model", "ds_resnet8", "--batch", "1", "--steps", "1")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "ds_resnet8, 4 frames of 32x32, cpu, bf16 steps, 2 threads"
    assert float(re.search(r"largest relative gradient difference (\S+)", lines[-1])[1]) < 1e-5
    assert float(re.search(r"memory ours/plain (\S+)", lines[-1])[1]) < 0.25
