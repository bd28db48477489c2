"""Each point once, the same ones for the same seed and history."""

from __future__ import annotations

import json

import optuna
import pytest

from snnhw.sweeps.dimension import Number, Whole
from snnhw.sweeps.sampler import OnceEach, distributions, suggest
from tests.sweeps.made import spec_in

optuna.logging.set_verbosity(optuna.logging.ERROR)


def run(spec, trials):
    """Points of a sweep whose losses follow from the point."""
    study = optuna.create_study(directions=["maximize", "minimize"], sampler=OnceEach(spec))
    for _ in range(trials):
        trial = study.ask()
        for dimension in spec.space:
            suggest(trial, dimension)
        trial.set_constraint("chips", 0.0)
        study.tell(trial, [float(trial.params["arguments.timesteps"]), float(len(str(trial.params)))])
    return [trial.params for trial in study.trials]


@pytest.mark.parametrize("sampler", ["tpe", "nsga2", "grid"])
def test_twelve_trials_see_all_twelve_points(tmp_path, sampler):
    spec = spec_in(tmp_path, sampler=sampler)
    points = run(spec, 12)
    assert {json.dumps(p, sort_keys=True) for p in points} == {
        json.dumps(spec.point(i), sort_keys=True) for i in range(12)
    }
    if sampler == "grid":
        assert points == [spec.point(i) for i in range(12)]


@pytest.mark.parametrize("sampler", ["tpe", "nsga2"])
def test_the_same_seed_and_history_draw_the_same(tmp_path, sampler):
    spec = spec_in(tmp_path, sampler=sampler)
    assert run(spec, 8) == run(spec, 8)


def test_distributions_have_the_ends_of_the_space(tmp_path):
    found = distributions(spec_in(tmp_path))
    assert found["arguments.timesteps"] == optuna.distributions.IntDistribution(1, 3)
    assert found["energy_weight"] == optuna.distributions.CategoricalDistribution(("0.01", "1.0"))
    study = optuna.create_study()
    trial = study.ask()
    assert 1e-3 <= float(suggest(trial, Number("lr", 1e-3, 1e-1, log=True))) <= 1e-1
    assert suggest(trial, Whole("epochs", 2, 8, 3)) in (2, 5, 8)
