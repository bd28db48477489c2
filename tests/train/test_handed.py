"""A run that begins with trained weights has them; one that is taught has the weights of the loop written out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy, log_softmax

from snnhw.data.datasets import load
from snnhw.errors import InputError
from snnhw.nn.models import build
from snnhw.train import epoch
from snnhw.train.fit import fit
from snnhw.train.handed import Handed, Known, check_handed, check_teacher
from snnhw.train.recipe import recipe_from
from snnhw.train.run import load_run
from snnhw.train.schedule import make_optimiser, set_rate
from tests.train.small import SMALL

PLAIN = {**SMALL, "epochs": 1, "augment": {}, "batch": 512, "schedule": "constant", "validation": 0.0}


def known(seed=5, **arguments):
    torch.manual_seed(seed)
    network = build(SMALL["model"], **{"in_channels": 1, **SMALL["arguments"], **arguments})
    return Known("mine", network.eval(), f"{seed:064d}")


def copies(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


def test_a_run_begins_with_the_weights_whatever_its_steps_and_levels(tmp_path):
    start = known()
    before = copies(start.network)
    arguments = {**SMALL["arguments"], "timesteps": 1, "thresholds": [0.6, 1.6]}
    recipe = recipe_from({**PLAIN, "start": "mine", "lr": 0.0, "arguments": arguments})
    run = fit(recipe, tmp_path / "run", handed=Handed(start=start))
    network, card = load_run(tmp_path / "run")
    for name, value in network.named_parameters():
        assert torch.equal(value, before[name]), name
    assert run.card.note == "began with the weights of mine (sha256 000000000000)" and card.timesteps == 1
    assert all(torch.equal(value, before[name]) for name, value in start.network.state_dict().items())


def test_a_taught_step_is_the_step_written_out(tmp_path):
    teacher = known(seed=9, timesteps=3)
    before = copies(teacher.network)
    more = {"teacher": "mine", "teacher_share": 0.25, "teacher_temperature": 3.0, "start": "mine"}
    recipe = recipe_from({**PLAIN, **more})
    start = known(seed=4)
    fit(recipe, tmp_path / "run", handed=Handed(start=start, teacher=teacher))
    found, _ = load_run(tmp_path / "run")

    network = known(seed=4).network.train()
    optimiser = make_optimiser(recipe, network)
    data = load("digits", "train")
    torch.manual_seed(0)
    order = torch.randperm(len(data), generator=torch.Generator().manual_seed(recipe.seed * 1_000_003))
    for step in range(len(data) // 512):
        index = order[512 * step : 512 * (step + 1)].numpy()
        x, target = torch.from_numpy(data.values[index]), torch.from_numpy(data.targets[index])
        logits = network(x)
        with torch.no_grad():
            p = log_softmax(teacher.network(x) / 3, 1).exp()
        apart = (p * (p.log() - log_softmax(logits / 3, 1))).sum(1).mean()
        set_rate(optimiser, recipe.lr)
        (0.75 * cross_entropy(logits, target) + 0.25 * 9 * apart).backward()
        optimiser.step()
        optimiser.zero_grad()
    for name, value in network.named_parameters():
        torch.testing.assert_close(dict(found.named_parameters())[name], value, rtol=1e-3, atol=1e-4)
    assert all(torch.equal(value, before[name]) for name, value in teacher.network.state_dict().items())


def test_a_stopped_run_goes_on_with_the_same_networks_and_no_others(tmp_path, monkeypatch):
    recipe = recipe_from({**PLAIN, "epochs": 2, "start": "mine", "teacher": "mine"})
    whole = fit(recipe, tmp_path / "whole", handed=Handed(start=known(4), teacher=known(9)))

    def stop(network, now):
        if now == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(epoch, "check_weights", stop)
        with pytest.raises(KeyboardInterrupt):
            fit(recipe, tmp_path / "run", handed=Handed(start=known(4), teacher=known(9)))
    with pytest.raises(InputError, match="a run with other weights of its start or its teacher; resume with the same"):
        fit(recipe, tmp_path / "run", resume=True, handed=Handed(start=known(4), teacher=known(8)))
    resumed = fit(recipe, tmp_path / "run", resume=True, handed=Handed(start=known(4), teacher=known(9)))
    assert resumed.card.weights_checksum == whole.card.weights_checksum and resumed.card.note == whole.card.note


def test_weights_of_another_network_are_refused_and_nothing_is_written(tmp_path):
    recipe = recipe_from({**PLAIN, "start": "mine"})
    with pytest.raises(InputError, match=r"start mine has shape .* start from a network of the same model, widths and"):
        fit(recipe, tmp_path / "run", handed=Handed(start=known(widths=[4, 8, 12])))
    assert not Path(tmp_path / "run").exists()


def test_a_recipe_has_what_it_names_and_no_more():
    with pytest.raises(InputError, match="the start do not go together"):
        check_handed(recipe_from({**PLAIN, "start": "mine"}), Handed())
    with pytest.raises(InputError, match="the teacher do not go together"):
        check_handed(recipe_from(PLAIN), Handed(teacher=known()))


def test_a_teacher_that_does_not_fit_is_refused_in_a_sentence():
    digits = load("digits", "train").first(40)
    recipe = recipe_from({**PLAIN, "teacher": "mine"})
    with pytest.raises(InputError, match="The teacher mine has 7 classes and digits:train 10; choose another"):
        check_teacher(recipe, Handed(teacher=known(classes=7)), digits)
    with pytest.raises(InputError, match="The teacher mine cannot take the samples of digits:train"):
        check_teacher(recipe, Handed(teacher=known(in_channels=2)), digits)
    stepped = replace(digits, values=np.repeat(digits.values[:, None], 3, 1))
    with pytest.raises(InputError, match=r"The teacher mine cannot take .* lasts 2 time steps"):
        check_teacher(recipe, Handed(teacher=known()), stepped)
    with pytest.raises(InputError, match="has any_timesteps, so batches of digits:train have other steps"):
        check_teacher(recipe_from({**PLAIN, "any_timesteps": True}), Handed(teacher=known(timesteps=3)), stepped)
