"""Training, evaluation and lists on the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest


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
    small = ("--set", "epochs=2", "--set", "batch=512", "--set", "arguments.widths=[2, 2, 2]", "--quiet", "--json")
    options = ("--energy-weight", "0.5", "--energy-target", "900", "--profile", "loihi2", "--deployment", "graded")
    options = (*options, "--level-gates", "0.5")
    recipe = call("train", "digits", "--out", "run", *options, *small)["card"]["recipe"]
    keys = ("energy_weight", "energy_target_nj", "energy_profile", "energy_deployment", "level_gates")
    assert [recipe[key] for key in keys] == [0.5, 900.0, "loihi2", "graded", 0.5]
    row = dict(zip(*(line.split(",") for line in Path("run/metrics.csv").read_text().splitlines()[:2]), strict=True))
    assert float(row["probe_energy_pj"]) > 0 and float(row["energy_weight"]) == 0.5


def test_a_target_of_nothing_is_refused(refused):
    assert "give more than 0" in refused("train", "digits", "--energy-weight", "1", "--energy-target", "0")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (("--set", "epochs=0"), "The recipe digits with 'epochs=0' has epochs = 0"),
        (("--energy-weight", "-1"), "The recipe digits with 'energy_weight=-1.0' has"),
        (("--set", "arguments.timesteps=0"), "arguments of recipe 'digits': MLF lasts 0 time steps"),
        (("--set", "arguments.thresholds=[]"), "arguments of recipe 'digits': MLF thresholds are []"),
    ],
)
def test_what_an_option_brought_is_not_blamed_on_the_file(refused, settings, said):
    assert said in refused("train", "digits", *settings)


def test_a_run_goes_on_with_a_network_and_imitates_one(call):
    small = ("--set", "epochs=1", "--set", "batch=512", "--quiet", "--json")
    card = call("train", "digits", "--out", "run", "--start", "digits", "--teacher", "digits", *small)["card"]
    assert card["recipe"]["start"] == card["recipe"]["teacher"] == "digits"
    assert card["note"].startswith("began with the weights of digits (sha256 3e3a7fdfb14f); taught by digits")


def test_early_exits_have_steps_and_energies(call):
    options = ("--samples", "30", "--exit-confidence", "0.6", "--exit-confidence", "1.1")
    made = call("evaluate", "digits", *options, "--profile", "loihi1-davies2018", "--json")
    early, whole = made["exits"]
    assert whole["left"] == [0, 0, 0, 30] and early["mean_steps"] < whole["mean_steps"] == made["timesteps"]
    assert early["energy"]["loihi1-davies2018"]["high"] < whole["energy"]["loihi1-davies2018"]["high"]
    shown = call("evaluate", "digits", *options, "--profile", "horowitz45-int8")
    assert "mean steps" in shown and "nJ" in shown


def test_several_time_steps_are_a_table_with_energies(call):
    options = ("--samples", "30", "--timesteps", "1", "--timesteps", "3", "--profile", "loihi1-davies2018")
    made = call("evaluate", "digits", *options, "--json")
    one, three = made["by_timesteps"]
    assert (made["samples"], one["timesteps"], three["timesteps"]) == (30, 1, 3)
    assert three["accuracy"] == call("evaluate", "digits", *options[:2], *options[4:6], "--json")["accuracy"]
    assert one["energy"]["loihi1-davies2018"]["high"] < three["energy"]["loihi1-davies2018"]["high"]
    assert "Time steps of" in (shown := call("evaluate", "digits", *options)) and "µJ" in shown


def test_early_exits_without_a_confidence_are_refused(refused):
    few = ("evaluate", "digits", "--samples", "3")
    assert "give --exit-confidence or several --timesteps with it" in refused(*few, "--profile", "loihi2")
    several = ("--timesteps", "1", "--timesteps", "2")
    assert "Samples leave one run early" in refused(*few, *several, "--exit-confidence", "0.5")
    assert "a confidence above 0" in refused(*few, "--exit-confidence", "0")


def test_a_trained_network_lasts_as_many_steps_as_are_asked_for(call):
    counted = {}
    for steps in (2, 4):
        result = call("evaluate", "digits", "--samples", "200", "--timesteps", str(steps), "--json")
        counted[steps] = result["accuracy"]
        call("simulate", "digits", "--input", "digits:test", "--samples", "3", "--timesteps", str(steps), "--json")
        record = np.load("spikes.npz")
        assert record["counts_t/stem_mlf"].shape == (steps,)
    assert counted[4] > counted[2] > 0.2
