"""The benchmark of the lean recipes on runs that are there: the savings it prints follow from the counts."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from snnhw.analysis.ranges import Range
from snnhw.train.recipe import load_recipe
from snnhw.workflows.train import train

SHORT = ["epochs=1", "arguments.widths=[2, 2, 2]", "start=", "teacher="]
SCRIPT = Path(__file__).parents[2] / "benchmarks" / "energy_aware.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("energy_aware_benchmark", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["energy_aware_benchmark"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["energy_aware_benchmark"]


def measured(script, accuracy, energy):
    spent = dict(zip(script.PROFILES, energy, strict=True))
    return script.Measured("one", accuracy, spent, dict.fromkeys(script.PROFILES, "x"), spent)


@pytest.mark.parametrize(
    "accuracies, energy, reached",
    [((0.98, 0.976), (40.0, 3.0), True), ((0.98, 0.97), (40.0, 3.0), False), ((0.98, 0.98), (40.0, 5.0), False)],
)
def test_both_profiles_and_the_mean_accuracy_must_do(script, accuracies, energy, reached):
    runs = tuple(measured(script, accuracy, energy) for accuracy in accuracies)
    found = script.Outcome("digits", measured(script, 0.98, (100.0, 10.0)), runs)
    assert found.savings(script.PROFILES[0]) == pytest.approx([0.6, 0.6]) and found.reached is reached
    assert f"{found.points[0]:+.2f}"[0] in script.table([found])


def test_ranges_are_compared_whole(script):
    low, middle, high = Range(1, 2, 3), Range(2, 3, 4), Range(4, 5, 6)
    assert script.compared(high, low) == "the twin is cheaper"
    assert script.compared(low, high) == "the network is cheaper"
    assert script.compared(low, middle) == "their ranges overlap"


def test_a_finished_run_is_used_again(script, tmp_path, monkeypatch, capsys):
    def short(name, settings=()):
        return load_recipe(name, [*settings, *SHORT])

    monkeypatch.setattr(script, "load_recipe", short)
    more = SHORT
    monkeypatch.setattr(script, "train", lambda recipe, given, folder: train(recipe, [*given, *more], folder))
    outputs = []
    for _ in range(2):
        status = script.main(["digits", "--seeds", "1", "--runs", str(tmp_path), "--json", str(tmp_path / "all.json")])
        outputs.append(capsys.readouterr())
    assert status == 1 and outputs[0].out == outputs[1].out
    assert "training" in outputs[0].err and "training" not in outputs[1].err
    assert "0 of 1 data sets" in outputs[0].out and "the twin is cheaper" in outputs[0].out
    (plain,) = json.loads((tmp_path / "all.json").read_text())
    assert plain["data"] == "digits" and plain["runs"][0]["energy_nj"]["horowitz45-int8"] > 0


def test_the_run_that_a_recipe_starts_from_is_made_first_and_once(script, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(script, "made", lambda recipe, settings, folder: asked.append((recipe, settings)) or folder)
    assert script.trained("nmnist_lean", 2, tmp_path) == tmp_path / "nmnist_lean_2"
    begun = tmp_path / "nmnist_saccades"
    assert asked == [("nmnist_saccades", []), ("nmnist_lean", ["seed=2", f"start={begun}"])]
    assert script.trained("mnist_lean", 1, tmp_path) and asked[2:] == [("mnist_lean", ["seed=1"])]
