"""The ratios of the benchmark of sweeps follow from the trials."""

import importlib.util
import math
import sys
from pathlib import Path

import pytest

from snnhw.sweeps.result import COMPLETE, SweepResult, Tried
from snnhw.sweeps.spec import read_spec
from tests.sweeps.made import outcome, spec_in

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "sweep_front.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("sweep_front_benchmark", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["sweep_front_benchmark"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["sweep_front_benchmark"]


def result(folder, *points):
    spec = spec_in(folder)
    tried = [
        Tried(i, COMPLETE, spec.point(i), outcome(accuracy, high, over), seconds=2.0)
        for i, (accuracy, high, over) in enumerate(points)
    ]
    return SweepResult(spec, spec.profile, spec.objectives, tuple(tried))


def test_ratios_by_hand(script, tmp_path):
    grid = result(tmp_path, (0.5, 1e-9, 0), (0.8, 1e-8, 0), (0.1, 1e-7, 0), (1.0, 1e-12, 1))  # the last does not fit
    some = result(tmp_path, (0.8, 1e-8, 0))
    whole = 0.8 * 1 + 0.5 * 1  # error 0.2 over the last decade, 0.5 over the one before
    found = script.ratios(some, grid)
    assert found.hypervolume == pytest.approx(0.8 / whole) and found.cost == pytest.approx(1 / 4)
    assert not found.reached and script.Ratios(0.95, 0.34).reached and not script.Ratios(0.99, 0.5).reached
    assert script.ratios(grid, grid).hypervolume == 1.0 and math.isclose(script.ratios(grid, grid).cost, 1)


@pytest.mark.parametrize("kind", ["quick", "full"])
def test_the_grid_is_the_whole_space(script, tmp_path, kind):
    parts, (some, every) = (script.FULL if kind == "full" else script.QUICK), script.TRIALS[kind]
    path = tmp_path / "s.toml"
    path.write_text(script.SPEC.format(trials=every, sampler="grid", **parts))
    assert read_spec(path).size == every == 3 * some
