"""`build` in the Lava interpreter: the graph between a source and a sink of Lava's own, without torch or our runner."""

import subprocess
from pathlib import Path

import numpy as np
import pytest

from snnhw.exporters.interpreter import environment_of
from snnhw.exporters.lava.env import find_interpreter
from tests.exporters.lava.graphs import chain
from tests.exporters.lava.oracle import run_oracle
from tests.staged import stage

SCRIPT = Path(__file__).with_name("wiring.py")


@pytest.mark.lava
@pytest.mark.slow
def test_own_wiring_gives_the_oracles_readout(tmp_path):
    graph, frames = chain()
    python = find_interpreter()
    environment = environment_of(python) | {"PYTHONPATH": str(stage(tmp_path))}
    command = [python, str(SCRIPT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    spikes, _, logits = run_oracle(graph, frames.astype(float))
    rows = [[int(n) for n in line.split()] for line in done.stdout.strip().splitlines()]
    assert rows[: len(frames)] == logits.tolist()
    assert rows[len(frames) :] == [spikes[n].sum(axis=(1, 2, 3, 4)).tolist() for n in ("u_l1", "u_l2")]
    assert np.any(rows[-1])
