"""A recipe with settings goes to the training loop; one of several processes is the first."""

import pytest

from snnhw.errors import InputError
from snnhw.train.fit import fit
from snnhw.workflows.train import train

SETTINGS = ("epochs=1", "batch=512", "arguments.widths=[2, 2, 2]", "arguments.timesteps=1")


def test_the_recipe_is_trained_with_its_settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = train("digits", SETTINGS)
    card = made.run.card
    assert made.run.path.resolve() == tmp_path / "runs" / "digits" and made.first
    assert (card.recipe["epochs"], card.recipe["batch"], card.timesteps) == (1, 512, 1)
    assert made.to_dict()["card"] == card.to_dict() and (tmp_path / "runs/digits/model.safetensors").is_file()


def test_a_process_that_is_not_the_first_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("snnhw.workflows.processes.rank", lambda: 1)
    assert not train("digits", SETTINGS, tmp_path / "run", fit).first


def test_unknown_settings_are_refused(tmp_path):
    with pytest.raises(InputError, match="colour"):
        train("digits", ["colour=3"], tmp_path)
    assert not list(tmp_path.iterdir())
