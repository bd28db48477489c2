"""The plan of a study: which trainings, in which order, on which recipes, and what is refused before any of them."""

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.errors import InputError
from snnhw.nn.models import build
from snnhw.studies.plan import NETWORKS, RECIPES, Data, Plan, Point, check_plan, read_shares
from snnhw.train.depth_study import THRESHOLDS

FIVE = (0.01, 0.05, 0.1, 0.3, 1.0)
STATIC = Data(40, events=False)


def test_every_training_is_there_once_and_seeds_come_whole():
    plan = Plan(FIVE)
    points = list(plan.points())
    assert len(points) == len(set(points)) == len(RECIPES) * 5 * len(NETWORKS) * 5 == 375
    seeds = [point.seed for point in points]
    assert seeds == sorted(seeds)
    folders = {point.folder(Path("out")) for point in points}
    assert len(folders) == len(points)
    assert points[0].folder(Path("out")) == Path("out/runs/digits_little/mlf1/0.01-seed1")


def without(recipe):
    """What networks and fractions of one seed must have in common."""
    plain = recipe.to_dict()
    arguments = {key: value for key, value in plain["arguments"].items() if key in ("widths", "stem_stride")}
    own = ("fraction", "relu", "arguments", "timesteps_from")
    return {**{key: value for key, value in plain.items() if key not in own}, "arguments": arguments}


@pytest.mark.parametrize("recipe", [*RECIPES, "digits", "fashion", "nmnist"])
def test_budget_optimiser_and_augmentation_are_the_same_for_all_networks_and_fractions(recipe):
    plan, events = Plan(FIVE, (recipe,)), recipe.startswith("nmnist")
    recipes = [plan.recipe_at(point, Data(40, events)) for point in plan.points() if point.seed == 1]
    assert all(without(one) == without(recipes[0]) for one in recipes)
    assert {one.epoch_steps for one in recipes} == {plan.base(recipe).epoch_steps or 40}
    assert {(one.validation, one.keep) for one in recipes} == {(0.0, "last")}
    assert sorted({one.fraction for one in recipes}) == list(FIVE)


@pytest.mark.parametrize("recipe", RECIPES)
def test_networks_differ_in_their_units_and_in_nothing_that_is_counted(recipe):
    plan, events = Plan(FIVE), recipe.startswith("nmnist")
    counts, units = {}, {}
    for name in NETWORKS:
        at = plan.recipe_at(Point(recipe, name, 1.0, 1), Data(40, events))
        network = build(at.model, relu=at.relu, **at.arguments)
        counts[name] = sum(parameter.numel() for parameter in network.parameters())
        units[name] = (at.relu, at.arguments["thresholds"], at.arguments["downsample_sum"])
    assert len(set(counts.values())) == 1, counts
    assert units == {
        **{f"mlf{k}": (False, list(THRESHOLDS[:k]), "ds") for k in (1, 2, 3)},
        "plain": (False, [THRESHOLDS[0]], "plain"),
        "relu": (True, [THRESHOLDS[0]], "ds"),
    }


def test_the_twin_of_events_sees_them_in_one_frame():
    plan = Plan(FIVE)
    steps = {
        name: plan.recipe_at(Point("nmnist_little", name, 0.1, 1), Data(40, events=True)).arguments["timesteps"]
        for name in NETWORKS
    }
    assert steps == {"mlf1": 4, "mlf2": 4, "mlf3": 4, "plain": 4, "relu": 1}
    assert plan.recipe_at(Point("digits_little", "relu", 0.1, 1), STATIC).arguments["timesteps"] == 4


@given(st.lists(st.floats(0, 1, exclude_min=True), min_size=1, max_size=6, unique=True))
def test_shares_come_back_ascending(shares):
    assert read_shares(",".join(map(repr, shares)), "--data-fractions") == tuple(sorted(shares))


@pytest.mark.parametrize("text", ["", "0", "0.1,", "0.1,0.1", "1.5", "-0.1", "nan", "inf", "a", "0.1;0.2"])
def test_what_are_no_shares_is_refused(text):
    with pytest.raises(InputError, match=r"--data-fractions .* numbers above 0 up to 1"):
        read_shares(text, "--data-fractions")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"seeds": 1}, "1 seeds were asked for; give 2 to 100"),
        ({"recipes": ()}, "name each once"),
        ({"recipes": ("digits", "digits")}, "name each once"),
        ({"recipes": ("digitz",)}, "did you mean"),
        ({"settings": ("seed=3",)}, "The study sets seed itself"),
        ({"settings": ("fraction=0.5",)}, "The study sets fraction itself"),
        ({"settings": ("arguments.thresholds=[1.0]",)}, "The study sets arguments.thresholds itself"),
        ({"settings": ("colour=3",)}, "unknown key 'colour'"),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_refused(change, says):
    with pytest.raises(InputError, match=says):
        check_plan(dataclasses.replace(Plan(FIVE), **change))
    check_plan(Plan(FIVE))
