"""Training, evaluation and lists on the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def test_train_then_evaluate_the_run_folder(call):
    out = call("train", "digits", "--out", "run", "--set", "epochs=1", "--quiet", "--json")
    assert sorted(p.name for p in Path("run").iterdir() if p.name.startswith(("model", "metrics"))) == [
        "metrics.csv",
        "model.json",
        "model.safetensors",
    ]
    assert out["card"]["recipe"]["epochs"] == 1
    again = call("evaluate", "run", "--json")
    assert again["samples"] == 359 and again["accuracy"] == out["card"]["accuracy"]


def test_energy_in_the_loss_is_chosen_by_options(call):
    small = ("--set", "epochs=1", "--set", "batch=512", "--set", "arguments.widths=[2, 2, 2]", "--quiet", "--json")
    options = ("--energy-weight", "0.5", "--energy-target", "900", "--profile", "loihi2", "--deployment", "graded")
    recipe = call("train", "digits", "--out", "run", *options, *small)["card"]["recipe"]
    keys = ("energy_weight", "energy_target_nj", "energy_profile", "energy_deployment")
    assert [recipe[key] for key in keys] == [0.5, 900.0, "loihi2", "graded"]
    row = dict(zip(*(line.split(",") for line in Path("run/metrics.csv").read_text().splitlines()), strict=True))
    assert float(row["probe_energy_pj"]) > 0 and float(row["energy_weight"]) == 0.5


def test_a_trained_network_lasts_as_many_steps_as_are_asked_for(call):
    counted = {}
    for steps in (2, 4):
        result = call("evaluate", "digits", "--samples", "200", "--timesteps", str(steps), "--json")
        counted[steps] = result["accuracy"]
        call("simulate", "digits", "--input", "digits:test", "--samples", "3", "--timesteps", str(steps), "--json")
        record = np.load("spikes.npz")
        assert record["counts_t/stem_mlf"].shape == (steps,)
    assert counted[4] > counted[2] > 0.2
