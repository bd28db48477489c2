"""Which point of the space a trial gets: TPE, NSGA-II or all points in a row, each point once.

The draw depends on the seed of the SPEC, the points before it and the trials that are finished, never on the process
that draws or the trials that were lost, so that a sweep of one worker that was killed goes on as if it had not been. A
point that some trial has had already is drawn again, in the end by chance: training is the same every time, so twice
the same point tells nothing.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, NSGAIISampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial

from snnhw.sweeps.dimension import Choice, Dimension, Drawn, Whole
from snnhw.sweeps.places import Places
from snnhw.sweeps.spec import Spec

DRAWS = 8  # of the sampler, before chance decides
STARTUP = 10  # trials that TPE draws by chance before it has learnt enough, or a quarter of a small sweep
POPULATION = 50  # of NSGA-II, or a quarter of a small sweep
SURPLUS = "surplus"  # attribute of a trial that was started beyond the budget and is none

ATTEMPT = "attempt"  # attribute of a trial whose point an earlier one had: which try it is, from 2

Point = tuple[Drawn, ...]
Drawing = dict[str, Any]


def earlier_points(trials: Sequence[FrozenTrial], number: int) -> int:
    """How many points have their first trial before the trial of this number."""
    return sum(t.number < number and SURPLUS not in t.user_attrs and ATTEMPT not in t.user_attrs for t in trials)


def distribution(dimension: Dimension) -> BaseDistribution:
    """What Optuna draws from."""
    if isinstance(dimension, Choice):
        return CategoricalDistribution(dimension.values)
    if isinstance(dimension, Whole):
        return IntDistribution(dimension.low, dimension.high, log=dimension.log, step=dimension.step)
    return FloatDistribution(dimension.low, dimension.high, log=dimension.log)


def distributions(spec: Spec) -> dict[str, BaseDistribution]:
    """Of the whole space, by key."""
    return {dimension.key: distribution(dimension) for dimension in spec.space}


def suggest(trial: optuna.Trial, dimension: Dimension) -> Drawn:
    """The value that a trial gets."""
    if isinstance(dimension, Choice):
        return trial.suggest_categorical(dimension.key, dimension.values)
    if isinstance(dimension, Whole):
        return trial.suggest_int(dimension.key, dimension.low, dimension.high, step=dimension.step, log=dimension.log)
    return trial.suggest_float(dimension.key, dimension.low, dimension.high, log=dimension.log)


class OnceEach(BaseSampler):
    """Draws a point that no trial before has."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec

    def infer_relative_search_space(
        self, study: optuna.Study, trial: optuna.trial.FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """The whole space, in every trial."""
        return distributions(self._spec)

    def sample_relative(
        self, study: optuna.Study, trial: optuna.trial.FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """All values of the trial."""
        others = [
            t for t in study.get_trials(deepcopy=False) if t.number != trial.number and SURPLUS not in t.user_attrs
        ]
        seen = {self._key(t.params) for t in others if set(t.params) == set(search_space)}
        place = earlier_points(others, trial.number)
        if self._spec.sampler == "grid":
            return self._unseen(seen, 0)
        places = Places(self._spec.space, search_space)
        known = places.study(study) if self._spec.sampler == "tpe" else None
        for draw in range(DRAWS):
            seed = self._seed(place, draw)
            if known is None:  # NSGA-II keeps its generations in the study
                drawn = self._drawn(study, trial, search_space, seed)
            else:
                drawn = places.values(self._drawn(known, known.trials[trial.number], places.distributions, seed))
            if self._key(drawn) not in seen:
                return drawn
        if self._spec.size is None:
            return drawn
        chance = np.random.default_rng(self._seed(place, DRAWS))
        return self._unseen(seen, int(chance.integers(self._spec.size)))

    def sample_independent(
        self,
        study: optuna.Study,
        trial: optuna.trial.FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """A value by chance, of a trial whose other values are given."""
        place = earlier_points(study.get_trials(deepcopy=False), trial.number)
        chance = RandomSampler(self._seed(place, DRAWS + 1))
        return chance.sample_independent(study, trial, param_name, param_distribution)

    def _drawn(self, study: optuna.Study, trial: FrozenTrial, space: dict[str, BaseDistribution], seed: int) -> Drawing:
        inner = self._inner(seed)
        several = {name: found for name, found in space.items() if not found.single()}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            drawn = inner.sample_relative(study, trial, several)
        for name, found in space.items():
            if name not in drawn:
                drawn[name] = inner.sample_independent(study, trial, name, found)
        return drawn

    def _inner(self, seed: int) -> BaseSampler:
        few = max(2, self._spec.budget // 4)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # multivariate and constant_liar are called experimental
            if self._spec.sampler == "nsga2":
                return NSGAIISampler(population_size=min(POPULATION, few), seed=seed)
            return TPESampler(n_startup_trials=min(STARTUP, few), multivariate=True, constant_liar=True, seed=seed)

    def _unseen(self, seen: set[Point], start: int) -> dict[str, Any]:
        """The first point from `start` on that is not seen; `start` itself where all are."""
        size = self._spec.size or 1
        for index in range(start, start + size):
            point = self._spec.point(index % size)
            if self._key(point) not in seen:
                return dict(point)
        return dict(self._spec.point(start))

    def _key(self, params: dict[str, Any]) -> Point:
        return tuple(params[dimension.key] for dimension in self._spec.space)

    def _seed(self, place: int, draw: int) -> int:
        return int(np.random.SeedSequence([self._spec.seed, place, draw]).generate_state(1)[0])
