"""The pricing of a recipe: the profile and the deployment it names, and what it refuses."""

import dataclasses

import pytest
import torch

from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.data.datasets import load
from snnhw.errors import InputError
from snnhw.nn.models import build
from snnhw.simulation.engine import simulate
from snnhw.train.recipe import recipe_from
from snnhw.workflows.load import load_model, model_of
from snnhw.workflows.pricing import pricing_of
from tests.train.small import SMALL


def test_a_recipe_without_a_weight_has_no_pricing():
    assert pricing_of(recipe_from(SMALL)) is None


@pytest.mark.parametrize("deployment", ["", "graded"])
def test_the_count_is_that_of_a_report(deployment):
    model, data = load_model("digits"), load("digits", "test").first(5)
    recipe = recipe_from({**SMALL, "energy_weight": 1, "energy_profile": "loihi2", "energy_deployment": deployment})
    profile = load_profile("loihi2")
    counts = count(model.graph, simulate(model.graph, data.values))
    expected = estimate(counts, profile, deployment=deployment or None).per_inference.high
    assert pricing_of(recipe).counted(model.network, data).energy_pj == pytest.approx(1e12 * expected)


@pytest.mark.parametrize(
    "changed, message",
    [
        ({"energy_profile": "loihi9"}, "loihi9"),
        ({"energy_deployment": "sideways"}, "sideways"),
    ],
)
def test_what_prices_no_spikes_is_refused_before_training(changed, message):
    with pytest.raises(InputError, match=message):
        pricing_of(recipe_from({**SMALL, "energy_weight": 1, **changed}))


def test_a_measurement_prices_no_spikes(monkeypatch):
    measured = dataclasses.replace(load_profile("loihi2"), model="measured")
    monkeypatch.setattr("snnhw.workflows.pricing.load_profile", lambda name: measured)
    with pytest.raises(InputError, match="is a measurement of one network"):
        pricing_of(recipe_from({**SMALL, "energy_weight": 1}))


@pytest.mark.parametrize("deployment", ["channels", "shared", "graded"])
@pytest.mark.parametrize("profile", ["loihi1-davies2018", "horowitz45-int8"])
def test_a_level_costs_what_a_network_with_a_silent_one_costs_more(profile, deployment):
    torch.manual_seed(1)
    data, at = load("digits", "test").first(4), {"stem.mlf": [0.6, 1.6], "stages.stage1_block1.mlf1": [0.6, 1.6]}
    about = {"energy_weight": 1, "energy_profile": profile, "energy_deployment": deployment}
    pricing = pricing_of(recipe_from({**SMALL, **about}))
    shape = {"in_channels": 1, "widths": [3, 4, 5], "timesteps": 2}
    network = build("digits_ds_resnet8", **shape, thresholds_of=at)
    network(torch.from_numpy(data.values))
    for path in at:
        more = build("digits_ds_resnet8", **shape, thresholds_of={**at, path: [0.6, 1.6, 1e6]})
        more.load_state_dict(network.state_dict())
        names = model_of(more.eval(), (1, 8, 8)).traced.modules
        (name,) = [unit for unit, where in names.items() if where == path]
        dearer = pricing.counted(more, data).energy_pj - pricing.counted(network.eval(), data).energy_pj
        assert pricing.of_a_level(more, data)[name] == pytest.approx(dearer, rel=1e-9) and dearer > 0
