"""Pruning from a run folder to a run folder: targets are kept, silent channels stay silent, the card says it all."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest

from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.data.datasets import load
from snnhw.errors import InputError
from snnhw.passes.remove_dead import remove_dead
from snnhw.simulation.engine import simulate
from snnhw.train.card import read_card
from snnhw.train.evaluate import evaluate
from snnhw.train.run import load_run
from snnhw.workflows.load import load_model
from snnhw.workflows.prune import prune
from snnhw.workflows.pruning_target import Target
from tests.workflows.pruned import gated_run, small_run
from tests.workflows.runs import run_of

SAMPLES = {"samples": 64}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return small_run(tmp_path_factory.mktemp("small") / "run")


@pytest.fixture(scope="module")
def tuned(run, tmp_path_factory):
    target = Target(energy_left=0.8, rounds=2, finetune=1, profile="horowitz45-int8", settings=("batch=32",), **SAMPLES)
    return prune(str(run), tmp_path_factory.mktemp("pruned") / "run", target)


def test_the_energy_of_the_target_is_reached_and_said(run, tmp_path):
    made = prune(str(run), tmp_path / "pruned", Target(energy_left=0.8, rounds=2, **SAMPLES))
    assert made.after.energy_pj <= 0.8 * made.before.energy_pj
    assert made.after.test_energy_pj < made.before.test_energy_pj
    assert [one.number for one in made.rounds] == list(range(1, len(made.rounds) + 1))
    assert sum(one.channels for one in made.rounds) == sum(map(len, made.gone.values()))
    card, base = read_card(tmp_path / "pruned")[0], read_card(run)[0]
    assert card.pruned["weights_checksum"] == base.weights_checksum != card.weights_checksum
    assert card.pruned["channels"] == {unit: list(numbers) for unit, numbers in made.gone.items()}
    assert (card.pruned["profile"], card.pruned["energy_left"]) == ("loihi1-davies2018", 0.8)
    assert card.recipe == base.recipe and card.accuracy == made.after.test_accuracy
    assert card.note == f"pruned from {run} (sha256 {base.weights_checksum[:12]})"
    with open(tmp_path / "pruned/metrics.csv") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["energy_pj"]) for row in rows] == [one.energy_pj for one in made.rounds]


def test_the_pass_removes_what_is_silent_and_no_spike_changes(tuned):
    whole = load_model(tuned.run.path).graph
    smaller = remove_dead(whole)
    inner = {unit: numbers for unit, numbers in tuned.gone.items() if unit.endswith("mlf1")}
    found = {(one.name, one.channel) for one in smaller.removed if one.what == "channel"}
    assert {(unit, number) for unit, numbers in inner.items() for number in numbers} <= found
    x = np.random.default_rng(1).random((8, 1, 8, 8)).astype(np.float32)
    before, after = (simulate(graph, x, raster=True) for graph in (whole, smaller.graph))
    for unit, spikes in before.raster.items():
        gone = [one.channel for one in smaller.removed if one.what == "channel" and one.name == unit]
        kept, left = np.delete(spikes, gone, axis=3), after.raster[unit]
        levels = left.shape[2]  # a level that is dead on every channel goes too
        assert not spikes[:, :, :, gone].any() and not kept[:, :, levels:].any()
        np.testing.assert_array_equal(left, kept[:, :, :levels])


def test_fine_tuning_moves_the_weights_and_no_silent_channel(tuned, run):
    network, card = load_run(tuned.run.path)
    assert card.recipe["epochs"] == 1 and card.recipe["batch"] == 32 and card.recipe["start"] == str(run)
    x = np.random.default_rng(1).random((8, 1, 8, 8))
    units = simulate(load_model(tuned.run.path).graph, x).units
    assert sum(map(len, tuned.gone.values())) > 0
    assert all(not units[unit].levels[:, numbers].any() for unit, numbers in tuned.gone.items())
    begun = load_run(run)[0].state_dict()
    assert any((value != begun[name]).any() for name, value in network.state_dict().items() if "head" in name)
    assert any(one.energy_pj != one.counted_pj for one in tuned.rounds)


def test_held_out_accuracy_ends_the_pruning(run, tmp_path):
    made = prune(str(run), tmp_path / "pruned", Target(accuracy_loss=5.0, **SAMPLES))
    assert made.before.validation_accuracy - made.after.validation_accuracy <= 0.05 + 1e-9
    assert made.after.energy_pj < made.before.energy_pj
    assert [one.kept for one in made.rounds[:-1]] == [True] * (len(made.rounds) - 1)
    last = made.rounds[-1]
    assert last.kept or made.before.validation_accuracy - last.validation_accuracy > 0.05


def test_levels_that_gates_took_stay_away_while_it_is_tuned(tmp_path):
    """Thresholds of single units are of the network and not of its recipe, so tuning has to be told them."""
    gated = gated_run(tmp_path / "gated")
    card = read_card(gated)[0]
    levels = card.arguments["thresholds_of"]
    assert levels and "thresholds_of" not in card.recipe["arguments"]
    target = Target(energy_left=0.9, rounds=1, finetune=1, profile="horowitz45-int8", **SAMPLES)
    made = prune(str(gated), tmp_path / "pruned", target)
    assert read_card(tmp_path / "pruned")[0].arguments["thresholds_of"] == levels
    network = load_run(tmp_path / "pruned")[0]
    test = load("digits", "test")
    assert evaluate(network, test).accuracy == made.after.test_accuracy
    graph = remove_dead(load_model(tmp_path / "pruned").graph).graph
    counts = count(graph, simulate(graph, test.first(made.priced[1]).values))
    expected = estimate(counts, load_profile("horowitz45-int8")).per_inference.high
    assert 1e-12 * made.after.test_energy_pj == pytest.approx(expected, rel=1e-9)
    untuned = prune(str(gated), tmp_path / "untuned", replace(target, finetune=0))
    assert untuned.after.energy_pj <= 0.9 * untuned.before.energy_pj and untuned.findings == ()
    with pytest.raises(InputError, match="The setting level_gates would make another network"):
        prune(str(gated), tmp_path / "other", replace(target, settings=("level_gates=0.5",)))


def test_a_pruned_network_is_pruned_further(tuned, tmp_path):
    made = prune(str(tuned.run.path), tmp_path / "again", Target(energy_left=0.9, rounds=1, **SAMPLES))
    assert all(set(tuned.gone[unit]) <= set(made.gone[unit]) for unit in tuned.gone)


def test_plain_values(tuned):
    plain = tuned.to_dict()
    assert plain["channels"]["stem_mlf"]["of"] == 4
    assert plain["after"]["energy_pj"] == tuned.after.energy_pj and plain["path"] == str(tuned.run.path)


def test_what_cannot_be_pruned_is_refused_and_nothing_is_written(run, tmp_path):
    target, out = Target(energy_left=0.9, **SAMPLES), tmp_path / "out"
    with pytest.raises(InputError, match="give an --energy-left above that"):
        prune(str(run), out, Target(energy_left=0.01, **SAMPLES))
    with pytest.raises(InputError, match="is the network that is pruned"):
        prune(str(run), run, target)
    with pytest.raises(InputError, match="holds no recipe"):
        prune(str(run_of(tmp_path / "bare", relu=False)), out, target)
    with pytest.raises(InputError, match="holds no samples out"):
        prune(str(run), out, Target(accuracy_loss=1.0, settings=("validation=0.0",), **SAMPLES))
    with pytest.raises(InputError, match="profile"):
        prune(str(run), out, Target(energy_left=0.9, profile="nobody"))
    assert not out.exists()
    out.mkdir()
    (out / "model.json").write_text("mine")
    with pytest.raises(InputError, match="choose another folder"):
        prune(str(run), out, target)
    assert (out / "model.json").read_text() == "mine"
