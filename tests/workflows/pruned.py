"""A small network trained for an epoch on digits, as a run folder."""

from __future__ import annotations

from snnhw.train.fit import fit
from snnhw.train.recipe import recipe_from
from tests.train.small import SMALL


def small_run(folder):
    recipe = recipe_from({**SMALL, "arguments": {"widths": [4, 5, 6], "timesteps": 1}, "epochs": 4})
    return fit(recipe, folder).path
