"""What a training is handed because it cannot make it itself: prices of spikes, and trained networks.

A network to start from gives its weights. One that teaches gives its logits on the batches of the run, as its own T has
them, and stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.nn.state import load_state
from snnhw.nn.time import time_first
from snnhw.train.batches import tensors
from snnhw.train.energy import Pricing
from snnhw.train.recipe import Recipe


@dataclass(frozen=True, eq=False)
class Known:
    """A trained network, as the recipe names it."""

    name: str
    network: nn.Module
    checksum: str  # sha256 of its weights

    def give(self, network: nn.Module) -> None:
        """Put its weights into `network`.

        Raises:
            InputError: the two differ in the names or shapes of their weights; T, thresholds and strides are none.
        """
        remedy = "start from a network of the same model, widths and blocks"
        load_state(network, self.network.state_dict(), f"the start {self.name}", remedy)


@dataclass(frozen=True, eq=False)
class Handed:
    """What goes with a recipe; `workflows.handed.handed_to` makes it."""

    pricing: Pricing | None = None  # where the recipe has `energy_weight`
    start: Known | None = None  # where it has `start`
    teacher: Known | None = None  # where it has `teacher`

    def checksums(self) -> dict[str, str]:
        """Those of the networks, by their role."""
        known = {"start": self.start, "teacher": self.teacher}
        return {role: network.checksum for role, network in known.items() if network is not None}

    def notes(self) -> list[str]:
        """What the card of the run says of the networks."""
        begun = {"began with the weights of": self.start, "taught by": self.teacher}
        return [f"{words} {known.name} (sha256 {known.checksum[:12]})" for words, known in begun.items() if known]


NOTHING = Handed()


def check_handed(recipe: Recipe, handed: Handed) -> None:
    """Nothing, where a recipe has what it asks for and no more.

    Raises:
        InputError: it has not.
    """
    asked = {
        "pricing": (bool(recipe.energy_weight), handed.pricing),
        "start": (bool(recipe.start), handed.start),
        "teacher": (bool(recipe.teacher), handed.teacher),
    }
    for role, (wanted, given) in asked.items():
        if wanted != (given is not None):
            raise InputError(
                f"Recipe {recipe.name!r} and the {role} do not go together; train by snnhw.workflows.train."
            )


def check_teacher(recipe: Recipe, handed: Handed, data: Samples) -> None:
    """Run the teacher, where there is one, on one sample.

    Raises:
        InputError: it cannot take the samples of the recipe, or has other classes.
    """
    teacher = handed.teacher
    if teacher is None:
        return
    if recipe.any_timesteps and data.values.ndim != 4:
        raise InputError(
            f"Recipe {recipe.name!r} has any_timesteps, so batches of {data.name} have other steps than its teacher "
            f"{teacher.name}; leave one of the two keys out."
        )
    first = next(teacher.network.parameters())
    x = tensors(data, slice(1))[0].to(first.device, first.dtype)
    try:
        with torch.no_grad():
            logits = teacher.network.eval()(time_first(x))
    except (InputError, RuntimeError) as error:
        raise InputError(
            f"The teacher {teacher.name} cannot take the samples of {data.name} ({error}); choose one that can."
        ) from error
    classes = recipe.arguments.get("classes", data.class_count())
    if logits.shape[-1] != classes:
        raise InputError(
            f"The teacher {teacher.name} has {logits.shape[-1]} classes and {data.name} {classes}; choose another."
        )
