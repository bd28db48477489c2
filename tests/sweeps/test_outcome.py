"""A trial is judged by exactly the numbers of a report of its counts."""

from __future__ import annotations

import json
import math

import pytest

from snnhw.analysis.hardware.profiles import load_profile
from snnhw.analysis.stored.table import read_counts
from snnhw.data.inputs import load_inputs
from snnhw.errors import InputError
from snnhw.sweeps.outcome import Outcome, Pricing, outcome_from, outcome_of
from snnhw.workflows.load import load_model
from snnhw.workflows.processes import WHOLE
from snnhw.workflows.shards import count_part
from snnhw.workflows.stored import report_stored
from tests.sweeps.made import outcome


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("counts")
    counted = count_part(load_model("digits"), load_inputs("digits:test").first(16), folder, WHOLE)
    assert counted is not None
    return read_counts(counted.path)


@pytest.mark.parametrize(
    ("name", "chip"), [("loihi1-davies2018", "loihi1"), ("loihi2", "loihi2"), ("horowitz45-int8", ""), ("speck", "")]
)
def test_the_numbers_are_those_of_the_report(stored, name, chip):
    profile = load_profile(name)
    found = outcome_of(stored, Pricing(profile, chip, 1), profile.deployment)
    report = report_stored(stored, [name])
    assert found.energy == report.energy[name].per_inference
    assert found.accuracy == report.accuracy["float"]
    floor = report.floorline.get(name)
    assert found.latency == (None if floor is None else floor.sample)
    if chip:
        mapping = report.mapping[chip]
        if mapping.deployment == profile.deployment:
            assert found.chips == mapping.chips and found.over == max(0, mapping.chips - 1)


@pytest.mark.parametrize("deployment", ["channels", "shared", "graded"])
def test_the_energy_of_a_deployment_is_that_of_the_report(stored, deployment):
    profile = load_profile("loihi1-davies2018")
    found = outcome_of(stored, Pricing(profile, "loihi1", 1), deployment)
    report = report_stored(stored, [profile.name])
    assert found.energy == report.deployment_energy[profile.name][deployment].per_inference


def test_a_network_without_a_place_does_not_fit(stored):
    profile = load_profile("loihi1-davies2018")
    found = outcome_of(stored, Pricing(profile, "loihi1", 1), "slots")
    assert found.over == 1 and found.chips is None and "slots" in found.refused
    assert found.losses(("latency",)) == (math.inf,)


def test_losses_are_small_where_a_network_is_good():
    good, bad = outcome(0.9, 1e-9, latency=1e-6), outcome(0.8, 2e-9, latency=1e-5)
    for objective in ("accuracy", "energy", "latency"):
        assert good.losses((objective,)) < bad.losses((objective,))
    assert good.losses(("energy", "accuracy")) == (1e-9, -0.9)


@pytest.mark.parametrize("one", [outcome(), outcome(latency=None, over=2)])
def test_an_outcome_survives_json(one):
    assert outcome_from(json.loads(json.dumps(one.to_dict()))) == one and isinstance(one, Outcome)


@pytest.mark.parametrize("wrong", [{}, {**outcome().to_dict(), "more": 1}, {**outcome().to_dict(), "energy_j": 3}])
def test_what_is_no_outcome_is_refused(wrong):
    with pytest.raises(InputError, match="another version"):
        outcome_from(wrong)
