"""Whether a run may go on from a state: with the recipe and the data it was begun with, whatever they are called."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from snnhw.errors import InputError
from snnhw.train.checkpoint import State
from snnhw.train.handed import NOTHING, Handed
from snnhw.train.recipe import Recipe, recipe_from
from snnhw.train.run import software_versions
from snnhw.train.splits import Splits


def plain(recipe: Recipe) -> dict[str, object]:
    """The recipe in plain values, as JSON reads them back."""
    values: dict[str, object] = json.loads(json.dumps(recipe.to_dict()))
    return values


def origin(recipe: Recipe, splits: Splits, handed: Handed = NOTHING) -> dict[str, object]:
    """What a saved state says about the run it belongs to."""
    checksums = {"train": splits.checksum, "test": splits.test.checksum, **handed.checksums()}
    return {"recipe": plain(recipe), "data": checksums, "versions": software_versions()}


def check_origin(state: State, recipe: Recipe, splits: Splits, out: Path, handed: Handed = NOTHING) -> str:
    """The versions that are others than those the run was begun with, in words; "" where there are none.

    Raises:
        InputError: the state is of another recipe or of other data, or is none of a run.
    """
    about, now = state.about, origin(recipe, splits, handed)
    if not all(isinstance(about.get(key), dict) for key in now) or not isinstance(about.get("rows"), list):
        raise InputError(f"{state.path} is no state of a run; delete the folder and start again.")
    before = recipe_from(about["recipe"], str(state.path))  # keys that are newer than the run: the defaults
    if plain(before) != now["recipe"]:
        raise InputError(f"{out} holds a run of another recipe; resume with its own or choose another folder.")
    networks = handed.checksums()
    if any(about["data"].get(role) != checksum for role, checksum in networks.items()):
        raise InputError(
            f"{out} holds a run with other weights of its {' or its '.join(networks)}; resume with the same, or choose "
            "another folder."
        )
    if about["data"] != now["data"]:
        raise InputError(
            f"{out} holds a run on other data called {recipe.data}; resume with its own, perhaps with --data, or "
            "choose another folder."
        )
    return _changes(about["versions"], software_versions())


def _changes(before: Mapping[str, object], now: Mapping[str, str]) -> str:
    """Such as "torch 2.3.0 before and 2.4.1 now"."""
    return ", ".join(
        f"{name} {before.get(name, 'unknown')} before and {version} now"
        for name, version in now.items()
        if before.get(name) != version
    )
