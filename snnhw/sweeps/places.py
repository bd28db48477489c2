"""Lists of values that rise are drawn by TPE as places in the list, so that a trial tells about its neighbours too.

To a sampler the values of a list are names without an order, and what it learns of 1 and 3 says nothing about 2. Values
that rise from left to right, numbers or lists of numbers such as thresholds, are whole numbers to TPE: 0, 1, 2 and so
on. Storage, tables and run folders have the values themselves.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState

from snnhw.sweeps.dimension import Choice, Dimension


def rises(dimension: Dimension) -> bool:
    """Whether the dimension is a list of numbers, or of lists of numbers, each larger than the one before it."""
    if not isinstance(dimension, Choice):
        return False
    values = [json.loads(text) for text in dimension.values]
    if not all(map(_number, values)) and not all(isinstance(one, list) and all(map(_number, one)) for one in values):
        return False
    return all(low < high for low, high in pairwise(values))


class Places:
    """The space as TPE sees it.

    Args:
        space: all dimensions of a sweep.
        distributions: what each is drawn from, by key.
    """

    def __init__(self, space: Sequence[Dimension], distributions: Mapping[str, BaseDistribution]) -> None:
        self._values = {one.key: one.values for one in space if isinstance(one, Choice) and rises(one)}
        self.distributions: dict[str, BaseDistribution] = {
            key: IntDistribution(0, len(self._values[key]) - 1) if key in self._values else one
            for key, one in distributions.items()
        }

    def study(self, study: optuna.Study) -> optuna.Study:
        """The trials of `study` in memory under the same numbers, with places for values."""
        seen = optuna.create_study(directions=study.directions)
        for trial in study.get_trials(deepcopy=False):
            seen.add_trial(self._trial(trial))
        return seen

    def _trial(self, trial: FrozenTrial) -> FrozenTrial:
        if set(trial.params) != set(self.distributions):  # not drawn yet, or lost before it was
            drawing = trial.state == TrialState.RUNNING
            return optuna.trial.create_trial(state=trial.state if drawing else TrialState.FAIL)
        return optuna.trial.create_trial(
            state=trial.state,
            values=trial.values,
            params={key: self._place(key, value) for key, value in trial.params.items()},
            distributions=self.distributions,
            system_attrs=trial.system_attrs,
        )

    def values(self, drawn: Mapping[str, Any]) -> dict[str, Any]:
        """What was drawn, with values for places."""
        return {key: self._values[key][one] if key in self._values else one for key, one in drawn.items()}

    def _place(self, key: str, value: Any) -> Any:
        return self._values[key].index(value) if key in self._values else value


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
