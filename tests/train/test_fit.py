import csv
import hashlib
import json
import math
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from safetensors.torch import save_file
from torch import nn

from snnhw.data.datasets import load
from snnhw.errors import InputError
from snnhw.nn.models import build
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


def plain_training(about):
    """Checksum of the weights of a run, written out: one sample, one step and one epoch after the other.

    SGD with momentum, cosine with warm-up, label smoothing, flip, shift and cutout, no validation, the last weights.
    """
    torch.manual_seed(about["seed"])
    data = load("digits", "train")
    network = build(about["model"], in_channels=1, classes=10, **about["arguments"])
    momentum = {}
    for epoch_number in range(about["epochs"]):
        network.train()
        random = torch.Generator().manual_seed(about["seed"] * 1_000_003 + epoch_number)
        order = torch.randperm(len(data), generator=random).tolist()
        batch = about["batch"]
        steps = len(data) // batch
        for step in range(steps):
            index = order[step * batch : (step + 1) * batch]
            mirrored = torch.rand(batch, generator=random) < about["augment"]["flip"]
            moved = torch.randint(-1, 2, (batch, 2), generator=random)
            centre = torch.rand(batch, 2, generator=random)
            images = []
            for number, sample in enumerate(index):
                image = data.values[sample][0]
                image = image[:, ::-1] if mirrored[number] else image
                wide = np.pad(image, 1)
                down, right = moved[number].tolist()
                image = wide[1 + down : 9 + down, 1 + right : 9 + right].copy()
                middle = (centre[number] * 8).tolist()
                for row in range(8):
                    for column in range(8):
                        if abs(np.float32(row - middle[0])) < 1.5 and abs(np.float32(column - middle[1])) < 1.5:
                            image[row, column] = 0
                images.append(torch.from_numpy(image)[None])
            logits = network.by_step(torch.stack(images)).unflatten(0, (2, -1)).mean(0)
            loss = nn.functional.cross_entropy(logits, torch.from_numpy(data.targets[index]), label_smoothing=0.1)
            loss.backward()
            done = epoch_number + (step + 1) / steps
            rate = about["lr"] * min(1.0, done / about["warmup"])
            rate *= 0.5 * (1 + math.cos(math.pi * done / about["epochs"]))
            with torch.no_grad():
                for name, p in network.named_parameters():
                    grad = p.grad.add(p, alpha=5e-4) if p.dim() > 1 else p.grad
                    momentum[name] = momentum[name].mul_(0.9).add_(grad) if step + epoch_number else grad.clone()
                    p.add_(momentum[name], alpha=-rate)
                    p.grad = None
    weights = {name: value.contiguous() for name, value in network.state_dict().items()}
    return hashlib.sha256(safetensors.torch.save(weights)).hexdigest()


def test_a_run_has_the_weights_of_the_loop_written_out_bit_for_bit(tmp_path):
    about = {
        **SMALL,
        "optimiser": "sgd",
        "lr": 0.1,
        "weight_decay": 5e-4,
        "warmup": 1.0,
        "label_smoothing": 0.1,
        "augment": {"flip": 0.5, "shift": 1, "cutout": 3},
        "validation": 0.0,
        "keep": "last",
        "epochs": 2,
        "seed": 5,
    }
    assert fit(recipe_from(about), tmp_path).card.weights_checksum == plain_training(about)


@pytest.mark.parametrize(
    ("about", "loss", "held_out", "weights"),
    [
        (
            {
                "optimiser": "sgd",
                "lr": 0.05,
                "weight_decay": 5e-4,
                "warmup": 1.0,
                "label_smoothing": 0.1,
                "augment": {"flip": 0.5, "rotate": 10, "shift": 1, "noise": 0.05, "cutout": 3},
                "accumulate": 2,
                "loss": "tet",
            },
            2.3872721910476686,
            2.408502965540319,
            746.6336140566254,
        ),
        ({"augment": {"shift": 1, "cutout": 2}}, 2.297775149345398, 2.26943158769941, 772.3317984290588),
    ],
    ids=["sgd", "adamw"],
)
def test_runs_stay_what_they_were(about, loss, held_out, weights, tmp_path):
    """Numbers of the loop before it knew of GPUs, in float64, where other machines agree in all but the last digits."""
    run = fit(recipe_from({**SMALL, "precision": "64-true", "epochs": 1, **about}), tmp_path)
    row = run.metrics[0]
    summed = sum(float(value.double().abs().sum()) for value in load_run(tmp_path)[0].state_dict().values())
    assert (row["train_loss"], row["validation_loss"], summed) == pytest.approx((loss, held_out, weights), rel=1e-9)


@pytest.mark.parametrize("keep", ["best", "last"])
def test_the_average_of_the_weights_is_judged_kept_and_resumed(keep, tmp_path, monkeypatch):
    about = {**SMALL, "epochs": 2, "keep": keep}
    recipe = recipe_from({**about, "ema": 0.9})
    plain, averaged = fit(recipe_from(about), tmp_path / "plain"), fit(recipe, tmp_path / "ema")
    trained = [row["train_loss"] for row in plain.metrics]
    assert [row["train_loss"] for row in averaged.metrics] == trained  # training does not see the average
    assert averaged.card.weights_checksum != plain.card.weights_checksum
    kept = load_run(tmp_path / "ema")[0].state_dict()
    state = read_state(tmp_path / "ema" / LAST)
    assert all(torch.equal(value, kept[name]) for name, value in state.average.items())  # epoch 2 is the better one
    judged = evaluate(load_run(tmp_path / "ema")[0], load_splits(recipe).validation)
    assert judged.loss == pytest.approx(averaged.metrics[-1]["validation_loss"])

    real, calls = epoch.train_step, []

    def stop(*arguments):
        calls.append(1)
        if len(calls) > 22:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(epoch, "train_step", stop)
    with pytest.raises(KeyboardInterrupt):
        fit(recipe, tmp_path / "stopped")
    monkeypatch.setattr(epoch, "train_step", real)
    resumed = fit(recipe, tmp_path / "stopped", resume=True)
    assert resumed.card.weights_checksum == averaged.card.weights_checksum


def test_what_hinders_a_fast_run_is_on_its_card(tmp_path, monkeypatch):
    from snnhw.train import fit as module
    from snnhw.train.capture import Eager

    monkeypatch.setattr(module, "steps_of", lambda *_: Eager("steps ran one by one (it rains)"))
    run = fit(recipe_from({**SMALL, "epochs": 2}), tmp_path)
    assert run.card.note == "steps ran one by one (it rains)"


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
    done = subprocess.run([sys.executable, "-c", KILLED, json.dumps(about), str(killed)], timeout=1800)
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
