"""Which keys of a sweep its objectives hang on: PED-ANOVA (Watanabe et al., IJCAI 2023), as Optuna computes it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence

import optuna
from optuna.distributions import BaseDistribution
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.trial import create_trial

from snnhw.sweeps.result import Tried
from snnhw.sweeps.sampler import distributions
from snnhw.sweeps.spec import Spec

LEAST = 8  # complete trials below which nothing can be said


def importances(spec: Spec, tried: Sequence[Tried], objectives: tuple[str, ...]) -> dict[str, dict[str, float]]:
    """Shares of each key by objective, largest first; empty of few trials or where an objective is always the same."""
    space = {name: found for name, found in distributions(spec).items() if not found.single()}
    known = [(one.point, one.outcome.losses(objectives)) for one in tried if one.outcome is not None]
    found = {}
    for at, objective in enumerate(objectives):
        values = [(point, losses[at]) for point, losses in known if math.isfinite(losses[at])]
        if len(values) < LEAST or not space or len({loss for _, loss in values}) < 2:
            continue
        of = _importances(space, values)
        if of:
            found[objective] = of
    return found


def _importances(space: dict[str, BaseDistribution], values: Sequence[tuple[object, float]]) -> dict[str, float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study = optuna.create_study()
        for point, loss in values:
            params = {name: dict(point)[name] for name in space}  # type: ignore[call-overload]
            study.add_trial(create_trial(params=params, distributions=space, value=loss))
        shares = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
    return {name: float(share) for name, share in shares.items()} if all(map(math.isfinite, shares.values())) else {}
