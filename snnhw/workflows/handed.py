"""What a recipe names and training cannot load: a profile, the network it starts from, the one that teaches it."""

from __future__ import annotations

import os
from pathlib import Path

from torch import nn

from snnhw.errors import InputError
from snnhw.gates.script import is_script
from snnhw.train.handed import Handed, Known
from snnhw.train.recipe import Recipe, recipe_names
from snnhw.train.run import load_run
from snnhw.workflows.load import load_model
from snnhw.workflows.model_name import check_model_name
from snnhw.workflows.pricing import pricing_of
from snnhw.zoo import zoo_path


def handed_to(recipe: Recipe) -> Handed:
    """What goes with `recipe` into `fit`.

    Raises:
        InputError: it names a profile, a deployment or a network that cannot be used.
    """
    return Handed(pricing_of(recipe), _known(recipe.start, "start"), _known(recipe.teacher, "teacher"))


def _known(source: str, role: str) -> Known | None:
    """The network that a recipe names; ReLU networks, which `load_model` refuses, may teach as well."""
    if not source:
        return None
    if Path(source).suffix in (".pth", ".pt"):
        model = load_model(source)
        assert isinstance(model.network, nn.Module)
        return Known(source, model.network, model.checksum)
    if Path(source).suffix == ".nir" or is_script(source):
        raise InputError(
            f"{source} as {role} has no weights of a network that is trained here; give a run folder, a network of the "
            "zoo or a checkpoint of the MLF authors' code."
        )
    if not os.path.isdir(source):
        place = Path(source)
        if place.parent.name and place.name in recipe_names():
            raise InputError(
                f"The {role} {source} is not there; `snnhw train {place.name} --out {source}` makes it and comes first."
            )
        check_model_name(source)
    network, card = load_run(source if os.path.isdir(source) else zoo_path(source))
    return Known(source, network, card.weights_checksum)
