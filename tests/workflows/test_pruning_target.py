"""Targets of a pruning: what makes sense, and the recipe of its fine-tuning."""

from __future__ import annotations

import pytest

from snnhw.errors import InputError
from snnhw.train.card import read_card
from snnhw.workflows.pruning_target import Target
from snnhw.zoo import zoo_path


@pytest.mark.parametrize(
    "values, says",
    [
        ({}, "Give one target"),
        ({"energy_left": 0.5, "accuracy_loss": 1.0}, "Give one target"),
        ({"energy_left": 1.0}, "above 0, below 1"),
        ({"energy_left": float("nan")}, "above 0, below 1"),
        ({"accuracy_loss": -1.0}, "give points from 0 to 100"),
        ({"energy_left": 0.5, "rounds": 0}, "--rounds is 0; give at least 1"),
        ({"energy_left": 0.5, "finetune": -1}, "--finetune is -1"),
        ({"energy_left": 0.5, "samples": 0}, "--samples is 0"),
    ],
)
def test_what_makes_no_sense_is_refused(values, says):
    with pytest.raises(InputError, match=says):
        Target(**values)


def test_the_recipe_goes_on_with_the_network_at_a_lower_rate():
    card = read_card(zoo_path("digits"))[0]
    recipe = Target(energy_left=0.5, finetune=3, settings=("batch=16",)).recipe("digits", card)
    assert (recipe.start, recipe.epochs, recipe.batch, recipe.warmup) == ("digits", 3, 16, 0.0)
    assert recipe.lr == pytest.approx(0.2 * card.recipe["lr"])
    assert (recipe.model, recipe.seed, recipe.validation) == (card.model, card.seed, card.recipe["validation"])


@pytest.mark.parametrize("setting", ["epochs=3", "arguments.timesteps=2", "model=vgg16", "fraction = 0.5"])
def test_settings_that_make_another_network_are_refused(setting):
    with pytest.raises(InputError, match="would make another network or other data of digits"):
        Target(energy_left=0.5, settings=(setting,)).recipe("digits", read_card(zoo_path("digits"))[0])
