"""The data of a recipe in three parts, and whether its model fits them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from torch import nn

from snnhw.data.datasets import load, stratified_split
from snnhw.data.own import is_own, own_splits
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.nn.models import build
from snnhw.nn.time import time_first
from snnhw.train.batches import tensors
from snnhw.train.recipe import Recipe


@dataclass(frozen=True, eq=False)
class Splits:
    """Training samples, those held out of them for validation (perhaps none), and the test split."""

    train: Samples
    validation: Samples | None
    test: Samples
    checksum: str  # of the whole training split


def load_splits(recipe: Recipe, data_dir: Path | str | None = None) -> Splits:
    """Data of a recipe; of two recipes that differ in `fraction` alone, one has all training samples of the other.

    Raises:
        InputError: the data set is unknown or its files are absent, or data of the user's own cannot be used.
    """
    if is_own(recipe.data):
        if data_dir is not None:
            raise InputError(f"{recipe.data} is no data set in a folder, so --data would change nothing; leave it out.")
        train, test = own_splits(recipe.data, recipe.test)
    else:
        if recipe.test:
            raise InputError(f"{recipe.data} has a test split of its own; leave the key test out of the recipe.")
        steps = cast("int | None", recipe.arguments.get("timesteps"))  # `load` refuses what is no number of steps
        train, test = (load(recipe.data, split, data_dir, steps) for split in ("train", "test"))
    test, checksum, validation = test.first(recipe.test_samples or None), train.checksum, None
    if recipe.validation > 0.0:
        rest, held_out = stratified_split(train.labels(), recipe.validation, recipe.seed)
        train, validation = train.take(rest), train.take(held_out)
    if recipe.fraction < 1.0:
        train = train.take(stratified_split(train.labels(), recipe.fraction, recipe.seed)[1])
    return Splits(train, validation, test, checksum)


def model_arguments(recipe: Recipe, data: Samples) -> dict[str, object]:
    """Arguments of the model, with channels and classes of the data where the recipe does not say.

    Raises:
        InputError: the recipe gives the network fewer classes than the data have.
    """
    classes = data.class_count()
    given = recipe.arguments.get("classes", classes)
    if isinstance(given, int) and given < classes:
        raise InputError(f"Recipe {recipe.name!r} has {given} classes and {data.name} {classes}; remove the key.")
    return {"in_channels": data.values.shape[-3], "classes": classes, **recipe.arguments}


def network_of(recipe: Recipe, data: Samples) -> nn.Module:
    """The network of a recipe, freshly initialised, for samples such as `data`.

    Raises:
        InputError: the model does not take its arguments; the message names the recipe.
    """
    arguments = model_arguments(recipe, data)
    try:
        return build(recipe.model, relu=recipe.relu, **arguments)
    except InputError as error:
        raise InputError(f"Model and arguments of recipe {recipe.name!r}: {error}") from error


def check_input(recipe: Recipe, network: nn.Module, data: Samples) -> None:
    """Run the network on one sample.

    Raises:
        InputError: it cannot take inputs of this shape.
    """
    x, _ = tensors(data, slice(1))
    try:
        with torch.no_grad():
            network.eval()(time_first(x))
    except RuntimeError as error:
        raise InputError(
            f"Model {recipe.model!r} cannot take inputs {list(x.shape[1:])} of {data.name} ({error}); choose another."
        ) from error
