"""A small network trained for an epoch on digits, as a run folder."""

from __future__ import annotations

from snnhw.train.fit import fit
from snnhw.train.recipe import recipe_from
from snnhw.workflows.handed import handed_to
from tests.train.small import SMALL


def gated_run(folder):
    """Levels have gates in three of four epochs, whose price is high enough that some go."""
    energy = {"energy_weight": 5.0, "energy_profile": "horowitz45-int8", "level_gates": 0.75}
    shape = {"widths": [4, 6, 8], "timesteps": 2, "thresholds": [0.6, 1.6, 2.6]}
    recipe = recipe_from({**SMALL, **energy, "arguments": shape, "epochs": 4, "lr": 0.08, "batch": 32})
    return fit(recipe, folder, handed=handed_to(recipe)).path


def small_run(folder):
    recipe = recipe_from({**SMALL, "arguments": {"widths": [4, 5, 6], "timesteps": 1}, "epochs": 4})
    return fit(recipe, folder).path
