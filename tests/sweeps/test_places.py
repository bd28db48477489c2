"""Values that rise are places to TPE, whatever the trials hold, and the values again to everybody else."""

from __future__ import annotations

import json

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import TrialState

from snnhw.sweeps.dimension import Choice, Whole
from snnhw.sweeps.places import Places, rises


def choice(key, *values):
    return Choice(key, tuple(map(json.dumps, values)))


@pytest.mark.parametrize(
    ("values", "risen"),
    [
        ((1, 2, 4), True),
        ((0.1, 1, 3.5), True),
        (([0.6], [0.6, 1.6], [0.6, 1.6, 2.6]), True),
        (([4, 8], [8, 8]), True),
        ((2, 1), False),
        ((1, 3, 2), False),
        (("adamw", "sgd"), False),
        ((False, True), False),
        ((1, [2]), False),
        (([1, "a"], [2, "b"]), False),
        (([[1]], [[2]]), False),
    ],
)
def test_only_numbers_and_lists_of_numbers_that_rise_have_places(values, risen):
    assert rises(choice("key", *values)) is risen


def test_ranges_stay_what_they_are():
    assert not rises(Whole("key", 1, 3))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1), st.floats(0, 1)), max_size=12))
def test_trials_have_the_same_numbers_states_and_losses(drawn):
    space = (choice("steps", 1, 2, 4, 8), choice("optimiser", "sgd", "adamw"))
    of = {
        "steps": CategoricalDistribution(space[0].values),
        "optimiser": CategoricalDistribution(space[1].values),
        "lr": FloatDistribution(0, 1),
    }
    study = optuna.create_study(directions=["maximize", "minimize"])
    for number, (step, optimiser, lr) in enumerate(drawn):
        params = {"steps": space[0].values[step], "optimiser": space[1].values[optimiser], "lr": lr}
        state = (TrialState.COMPLETE, TrialState.RUNNING, TrialState.FAIL, TrialState.WAITING)[number % 4]
        if state == TrialState.WAITING:  # nothing is drawn yet
            study.add_trial(optuna.trial.create_trial(state=state))
        else:
            losses = [lr, 1.0] if state == TrialState.COMPLETE else None
            study.add_trial(optuna.trial.create_trial(state=state, values=losses, params=params, distributions=of))
    places = Places(space, of)
    assert places.distributions["steps"] == IntDistribution(0, 3)
    assert places.distributions["optimiser"] == of["optimiser"] and places.distributions["lr"] == of["lr"]
    for given_one, seen in zip(study.trials, places.study(study).trials, strict=True):
        assert seen.number == given_one.number and seen.values == given_one.values
        if given_one.params:
            assert seen.state == given_one.state
            assert places.values(seen.params) == given_one.params
        else:
            assert not seen.params


def test_tpe_goes_up_a_list_of_numbers_that_it_knows_the_order_of():
    """The loss falls with the number: after draws of the lower half, the upper end is drawn more than by chance."""
    space = (choice("steps", *range(1, 21)),)
    of = {"steps": CategoricalDistribution(space[0].values)}
    study = optuna.create_study(directions=["minimize"])
    for value in range(1, 13):
        study.add_trial(
            optuna.trial.create_trial(
                state=TrialState.COMPLETE, value=-float(value), params={"steps": str(value)}, distributions=of
            )
        )
    places = Places(space, of)
    seen = places.study(study)
    drawn = []
    for seed in range(60):
        trial = seen.ask()
        sampler = optuna.samplers.TPESampler(n_startup_trials=5, multivariate=True, seed=seed)
        place = sampler.sample_relative(seen, seen.trials[trial.number], places.distributions)
        drawn.append(int(places.values(place)["steps"]))
        seen.tell(trial, state=TrialState.FAIL)
    assert sum(one >= 9 for one in drawn) > 60 * 12 / 20
