"""One epoch: its size and its steps."""

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric

from snnhw.data.datasets import dataset, load
from snnhw.errors import InputError
from snnhw.nn.models import build
from snnhw.train import epoch
from snnhw.train.epoch import ByStep, Training, train_step
from snnhw.train.fit import fit
from snnhw.train.recipe import recipe_from
from snnhw.train.run import load_run
from snnhw.train.schedule import make_optimiser
from tests.train.small import SMALL


def test_early_epochs_see_fewer_steps_and_pixels_and_the_run_ends_with_all(tmp_path, monkeypatch):
    seen = []
    step = epoch.train_step

    def listen(training, x, target):
        seen.append((int(training.network.module.network.readout.timesteps), *x.shape[-2:]))
        return step(training, x, target)

    monkeypatch.setattr(epoch, "train_step", listen)
    early = {"timesteps_from": {"0": 1, "2": 3}, "pixels_from": {"1": 6}}
    run = fit(recipe_from({**SMALL, **early, "epochs": 4}), tmp_path)
    steps = len(seen) // 4
    assert seen[::steps] == [(1, 8, 8), (1, 6, 6), (3, 6, 6), (2, 8, 8)] and len(set(seen)) == 4
    network, card = load_run(tmp_path)
    assert card.timesteps == network.readout.timesteps == 2
    # only the last epoch is of full size, so it alone can be the best
    assert card.validation_accuracy == run.metrics[-1]["validation_accuracy"]


def test_pieces_of_a_batch_make_the_step_of_the_whole(tmp_path):
    """One step at a constant rate. The statistics of norms are those of a piece, so the pieces here are all alike."""
    data = load("digits", "train")
    twice = dataset("digits:train", np.tile(data.values[:32], (2, 1, 1, 1)), np.tile(data.targets[:32], 2), 10)
    weights = []
    for pieces in (1, 2):
        recipe = recipe_from({**SMALL, "precision": "64-true", "accumulate": pieces, "augment": {}, "optimiser": "sgd"})
        torch.manual_seed(0)
        fabric = Fabric(accelerator="cpu", devices=1, precision="64-true")
        network = build("digits_ds_resnet8", **SMALL["arguments"], in_channels=1)
        optimiser = make_optimiser(recipe, network)
        training = Training(fabric, recipe, *fabric.setup(ByStep(network), optimiser))
        x, target = torch.from_numpy(twice.values), torch.from_numpy(twice.targets)
        loss, correct = train_step(training, x, target)
        weights.append([p.detach().clone() for p in network.parameters()] + [loss, correct])
    for whole, summed in zip(*weights, strict=True):
        torch.testing.assert_close(summed, whole, rtol=1e-9, atol=1e-11)


def test_steps_are_the_batches_that_all_processes_fill():
    data, recipe = load("digits", "train").first(100), recipe_from({**SMALL, "batch": 30})
    assert [epoch.steps_per_epoch(recipe, data, n) for n in (1, 2, 3)] == [3, 1, 1]
    with pytest.raises(InputError, match=r"30 samples of each of 4 processes and digits:train has 100"):
        epoch.steps_per_epoch(recipe, data, 4)


def test_data_with_steps_of_their_own_take_no_other_number():
    data = dataset("a:train", np.zeros((2, 2, 1, 8, 8)), np.zeros(2), 10)
    recipe = recipe_from({**SMALL, "timesteps_from": {"0": 1}})
    with pytest.raises(InputError, match="has timesteps_from and a:train has its own steps"):
        epoch.epoch_size(recipe, build("digits_ds_resnet8", timesteps=2), data, 0)


def test_batches_of_any_length_are_drawn_from_the_seed_and_the_epoch_alone(tmp_path, monkeypatch):
    seen = []
    step = epoch.train_step

    def listen(training, x, target):
        seen.append(int(training.network.module.network.readout.timesteps))
        return step(training, x, target)

    monkeypatch.setattr(epoch, "train_step", listen)
    recipe = recipe_from({**SMALL, "any_timesteps": True, "arguments": {"widths": [2, 2, 2], "timesteps": 3}})
    run = fit(recipe, tmp_path / "one")
    first, seen[:] = tuple(seen), []
    fit(recipe, tmp_path / "two")
    assert first == tuple(seen) and set(first) == {1, 2, 3}
    per_epoch = len(first) // 3
    assert first[:per_epoch] != first[per_epoch : 2 * per_epoch]
    assert run.card.timesteps == 3 and load_run(tmp_path / "one")[0].readout.timesteps == 3


def test_a_weight_for_energy_needs_prices(tmp_path):
    with pytest.raises(InputError, match="do not go together"):
        fit(recipe_from({**SMALL, "energy_weight": 1.0}), tmp_path / "run")
