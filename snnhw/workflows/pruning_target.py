"""When enough channels are gone, how they are judged and priced, and how the network is trained on between rounds."""

from __future__ import annotations

from dataclasses import dataclass

from snnhw.errors import InputError
from snnhw.train.card import Card
from snnhw.train.levels import DECIDED
from snnhw.train.recipe import Recipe, recipe_from, set_value

RATE = 0.2  # of the recipe's learning rate, for fine-tuning
FIXED = (  # not for settings
    *("name", "model", "arguments", "data", "test", "relu", "start", "epochs", "fraction"),
    "level_gates",  # they would take levels away
)


@dataclass(frozen=True)
class Target:
    """One of `energy_left` and `accuracy_loss`, and the way there."""

    energy_left: float | None = None  # share of the energy that may stay
    accuracy_loss: float | None = None  # points of accuracy that held-out samples may lose
    profile: str = ""  # that prices the channels; "": loihi1-davies2018
    deployment: str = ""  # of the levels; "": the profile's
    rounds: int = 5  # in which the energy is taken off
    finetune: int = 0  # epochs after each round
    samples: int = 256  # of the training split, every class with its share: they judge and price the channels
    settings: tuple[str, ...] = ()  # key=value of the recipe of the fine-tuning

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        if (self.energy_left is None) == (self.accuracy_loss is None):
            raise InputError("Give one target: --energy-left SHARE or --accuracy-loss POINTS.")
        if self.energy_left is not None and not 0.0 < self.energy_left < 1.0:
            raise InputError(f"--energy-left is {self.energy_left:g}; give the share that may stay, above 0, below 1.")
        if self.accuracy_loss is not None and not 0.0 <= self.accuracy_loss <= 100.0:
            raise InputError(f"--accuracy-loss is {self.accuracy_loss:g}; give points from 0 to 100.")
        for option, value, least in (
            ("--rounds", self.rounds, 1),
            ("--finetune", self.finetune, 0),
            ("--samples", self.samples, 1),
        ):
            if value < least:
                raise InputError(f"{option} is {value}; give at least {least}.")

    def recipe(self, source: str, card: Card) -> Recipe:
        """The recipe of the card for going on with `source`: at a fifth of its rate, without warm-up or small epochs.

        Raises:
            InputError: the card holds no recipe, or a setting is unknown or would make another network of it.
        """
        if not card.recipe:
            raise InputError(f"The card of {source} holds no recipe that names its data; train the network again.")
        values = dict(card.recipe)
        rate = values.get("lr", 0.1)
        assert isinstance(rate, int | float)
        values |= {"start": source, "epochs": max(1, self.finetune), "lr": RATE * rate, "warmup": 0.0}
        values |= {"timesteps_from": {}, "pixels_from": {}, "level_gates": 0.0}
        if DECIDED in card.arguments:  # what gates have left is part of the network and not of its recipe
            arguments = values.get("arguments", {})
            assert isinstance(arguments, dict)
            values["arguments"] = {**arguments, DECIDED: card.arguments[DECIDED]}
        for setting in self.settings:
            key = setting.partition("=")[0].strip().partition(".")[0]
            if key in FIXED:
                raise InputError(
                    f"The setting {key} would make another network or other data of {source}; leave it out."
                )
            set_value(values, setting)
        return recipe_from(values, f"the card of {source}")
