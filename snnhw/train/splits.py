"""The data of a recipe in three parts, and whether its model fits them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from snnhw.data.datasets import Dataset, load, stratified_split
from snnhw.errors import InputError
from snnhw.nn.time import time_first
from snnhw.train.recipe import Recipe


@dataclass(frozen=True, eq=False)
class Splits:
    """Training samples, those held out of them for validation (perhaps none), and the test split."""

    train: Dataset
    validation: Dataset | None
    test: Dataset
    checksum: str  # of the whole training split


def load_splits(recipe: Recipe, data_dir: Path | str | None = None) -> Splits:
    """Data of a recipe.

    Raises:
        InputError: the data set is unknown or its files are absent.
    """
    steps = recipe.arguments.get("timesteps")
    train, test = (load(recipe.data, split, data_dir, steps) for split in ("train", "test"))
    if recipe.validation == 0.0:
        return Splits(train, None, test, train.checksum)
    rest, held_out = stratified_split(train.targets, recipe.validation, recipe.seed)
    return Splits(train.take(rest), train.take(held_out), test, train.checksum)


def model_arguments(recipe: Recipe, data: Dataset) -> dict[str, Any]:
    """Arguments of the model, with channels and classes of the data where the recipe does not say.

    Raises:
        InputError: the recipe gives the network fewer classes than the data have.
    """
    arguments = {"in_channels": data.inputs.shape[-3], "classes": data.classes, **recipe.arguments}
    if arguments["classes"] < data.classes:
        raise InputError(
            f"Recipe {recipe.name!r} has {arguments['classes']} classes and {data.name} {data.classes}; remove the key."
        )
    return arguments


def check_input(recipe: Recipe, network: nn.Module, data: Dataset) -> None:
    """Let the network see one sample.

    Raises:
        InputError: it cannot take inputs of this shape.
    """
    x = torch.from_numpy(data.inputs[:1])
    try:
        with torch.no_grad():
            network.eval()(time_first(x))
    except RuntimeError as error:
        raise InputError(
            f"Model {recipe.model!r} cannot take inputs {list(x.shape[1:])} of {data.name} ({error}); choose another."
        ) from error
