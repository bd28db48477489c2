import csv
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from snnhw.data.datasets import load
from snnhw.errors import InputError
from snnhw.train import checkpoint, epoch
from snnhw.train.card import CARD, WEIGHTS
from snnhw.train.checkpoint import LAST, PREVIOUS, read_state
from snnhw.train.evaluate import evaluate
from snnhw.train.fit import fit
from snnhw.train.recipe import recipe_from
from snnhw.train.run import METRICS, load_run
from snnhw.train.splits import load_splits
from tests.train.small import SMALL

KILLED = """
import json, os, signal, sys
from snnhw.train import epoch as module
from snnhw.train.fit import fit
from snnhw.train.recipe import recipe_from
steps, step = [], module.train_step
def last_step(*arguments):
    steps.append(1)
    if len(steps) == 2 * 20 + 7:  # in the third epoch
        os.kill(os.getpid(), signal.SIGKILL)
    return step(*arguments)
module.train_step = last_step
fit(recipe_from(json.loads(sys.argv[1])), sys.argv[2])
"""


def curve(rows):
    return [{k: v for k, v in row.items() if k != "seconds"} for row in rows]


def sign(path, change):
    """Change the plain values of a saved state, with the checksum that belongs to them."""
    state = read_state(path)
    text_of = {**state.about, "optimiser": state.optimiser}
    change(text_of)
    text = json.dumps(text_of)
    save_file(dict(state.tensors), path, {"state": text, "sha256": checkpoint._checksum(text, state.tensors)})


def test_run_learns_and_its_card_tells_the_truth(tmp_path):
    recipe = recipe_from({**SMALL, "epochs": 5})
    run = fit(recipe, tmp_path / "run")
    network, card = load_run(tmp_path / "run")
    test = load("digits", "test")
    assert evaluate(network, test).accuracy == card.accuracy > 0.6
    assert card.data_checksum == load("digits", "train").checksum and card.test_checksum == test.checksum
    assert card.parameters == sum(p.numel() for p in network.parameters())
    best = max(run.metrics, key=lambda row: (row["validation_accuracy"], -row["validation_loss"]))
    assert card.validation_accuracy == best["validation_accuracy"]
    held_out = load_splits(recipe).validation
    assert evaluate(network, held_out).accuracy == pytest.approx(best["validation_accuracy"])
    with open(tmp_path / "run/metrics.csv") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["train_loss"]) for row in rows] == [row["train_loss"] for row in run.metrics]


def test_spikes_kept_as_bytes_leave_the_curve_as_it_is(tmp_path):
    recipe = {**SMALL, "epochs": 1}
    packed, floats = (fit(recipe_from({**recipe, "packed_spikes": on}), tmp_path / str(on)) for on in (True, False))
    assert curve(packed.metrics) == curve(floats.metrics)


def test_same_seed_same_weights_other_seed_other_weights(tmp_path):
    runs = [
        fit(recipe_from({**SMALL, "epochs": 1, "seed": seed}), tmp_path / str(i)) for i, seed in enumerate((1, 1, 2))
    ]
    sums = [run.card.weights_checksum for run in runs]
    assert sums[0] == sums[1] != sums[2]


def test_killed_run_resumes_with_the_curve_of_one_that_was_not(tmp_path):
    about = {**SMALL, "epochs": 4}
    straight = fit(recipe_from(about), tmp_path / "straight")
    killed = tmp_path / "killed"
    done = subprocess.run([sys.executable, "-c", KILLED, json.dumps(about), str(killed)], timeout=300)
    assert done.returncode == -signal.SIGKILL
    with open(killed / "metrics.csv") as file:
        assert len(list(csv.DictReader(file))) == 2
    with pytest.raises(InputError, match="no finished run"):
        load_run(killed)
    (killed / ".last.safetensors.abcd").write_bytes(b"half")  # as of one that is killed while it writes
    resumed = fit(recipe_from(about), killed, resume=True)
    assert curve(resumed.metrics) == curve(straight.metrics)
    assert resumed.card.weights_checksum == straight.card.weights_checksum
    assert sorted(p.name for p in killed.iterdir()) == sorted((WEIGHTS, CARD, METRICS, LAST, PREVIOUS))


def test_a_run_that_replaces_a_finished_one_and_is_stopped_is_not_taken_for_it(tmp_path, monkeypatch):
    fit(recipe_from({**SMALL, "epochs": 1}), tmp_path)

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(epoch, "train_step", stop)
    with pytest.raises(KeyboardInterrupt):
        fit(recipe_from({**SMALL, "epochs": 1, "lr": 0.02}), tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == [METRICS]


def test_a_run_from_before_a_recipe_had_a_key_is_resumed(tmp_path):
    recipe = recipe_from({**SMALL, "epochs": 2})
    whole = fit(recipe, tmp_path / "whole")
    fit(recipe, tmp_path / "old")
    sign(tmp_path / "old" / LAST, lambda about: about["recipe"].pop("packed_spikes"))
    assert curve(fit(recipe, tmp_path / "old", resume=True).metrics) == curve(whole.metrics)
    sign(tmp_path / "old" / LAST, lambda about: about["recipe"].update(colour="red"))
    with pytest.raises(InputError, match="unknown key 'colour'"):
        fit(recipe, tmp_path / "old", resume=True)


def test_resuming_another_recipe_is_refused(tmp_path):
    widths = {"arguments": {"widths": (6, 8, 12), "timesteps": 2}}  # a tuple, which JSON does not know
    fit(recipe_from({**SMALL, **widths, "epochs": 1}), tmp_path)
    fit(recipe_from({**SMALL, "epochs": 1}), tmp_path, resume=True)
    with pytest.raises(InputError, match="another recipe"):
        fit(recipe_from({**SMALL, "epochs": 1, "lr": 0.02}), tmp_path, resume=True)


def test_bfloat16_follows_float32(tmp_path):
    full = fit(recipe_from({**SMALL, "epochs": 2}), tmp_path / "32")
    half = fit(recipe_from({**SMALL, "epochs": 2, "precision": "bf16-mixed"}), tmp_path / "16")
    assert half.metrics[-1]["train_loss"] != full.metrics[-1]["train_loss"]
    assert half.metrics[-1]["train_loss"] == pytest.approx(full.metrics[-1]["train_loss"], rel=0.1)
    assert all(v.dtype == torch.float32 for v in load_run(tmp_path / "16")[0].state_dict().values())


def test_impossible_recipes_are_refused_before_training(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="set a smaller batch"):
        fit(recipe_from({**SMALL, "batch": 5000}), tmp_path)
    with pytest.raises(InputError, match="no argument 'depth'"):
        fit(recipe_from({**SMALL, "arguments": {"depth": 3}}), tmp_path)
    with pytest.raises(InputError, match="3 classes and digits:train 10"):
        fit(recipe_from({**SMALL, "arguments": {"classes": 3}}), tmp_path)
    with pytest.raises(InputError, match=r"'vgg16' cannot take inputs \[1, 8, 8\] of digits:train"):
        fit(recipe_from({**SMALL, "model": "vgg16", "arguments": {"width": 2}}), tmp_path)
    monkeypatch.setattr(epoch, "train_step", None)
    with pytest.raises(InputError, match=r"Cannot write .*; choose a folder"):
        fit(recipe_from(SMALL), Path(__file__))
    with pytest.raises(InputError, match="put mnist/"):
        fit(recipe_from({**SMALL, "data": "mnist"}), tmp_path, data_dir=tmp_path)
