"""The check of the engine on another device runs from end to end, and notices a difference."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks.engine_device import compared, differing
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.engine import simulate
from tests.nets import residual_net

ROOT = Path(__file__).parents[2]


def test_a_device_is_compared_with_the_cpu_in_one_call():
    command = [sys.executable, "benchmarks/engine_device.py", "--model", "digits", "--device", "cpu", "--images", "6"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines()[-1].endswith("integers differing: 0")


def test_one_spike_more_is_noticed():
    sample = residual_net(0)
    graph = compile_loihi(sample.graph, sample.inputs).graph
    row = compared("integers", graph, sample.inputs, "cpu", len(sample.inputs))
    assert row.differing == 0 and row.same_class == 1.0 and row.spikes > 0
    record = simulate(graph, sample.inputs)
    name, unit = next(iter(record.units.items()))
    levels = unit.levels.copy()
    levels.flat[0] += 1
    other = dataclasses.replace(record, units={**record.units, name: dataclasses.replace(unit, levels=levels)})
    assert differing(record, other) == 2 and not np.array_equal(levels, unit.levels)  # of the level, and of all levels
