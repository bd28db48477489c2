"""Energies are counts times sourced constants, in J per inference; the split and the layers add up to the whole."""

import dataclasses

import numpy as np
import pytest

from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.energy.static import StaticLoad
from snnhw.analysis.energy.twin import ann_estimate, ann_estimates
from snnhw.analysis.hardware.profiles import available_profiles, load_profile
from snnhw.analysis.ranges import Range
from snnhw.errors import InputError
from snnhw.simulation.engine import simulate
from tests.analysis.nets import small_net

PJ = 1e-12


@pytest.fixture(scope="module")
def counts():
    graph = small_net()
    return count(graph, simulate(graph, np.random.default_rng(3).normal(size=(4, 2, 6, 6)) * 2))


@pytest.mark.parametrize("name", available_profiles())
def test_split_and_layers_add_up_and_every_term_is_traceable(counts, name):
    energy = estimate(counts, load_profile(name))
    whole = energy.per_inference
    assert 0 < whole.low <= whole.typical <= whole.high
    for parts in (energy.split, energy.layers):
        assert Range.total(parts.values()).typical == pytest.approx(whole.typical, rel=1e-12)
    for term in energy.to_dict()["terms"]:
        assert term["source"] and term["formula"] and term["count"]["high"] > 0
    assert energy.assumes and energy.excludes


@pytest.mark.parametrize("name", available_profiles())
def test_energy_per_inference_does_not_depend_on_how_many_samples_were_run(counts, name):
    twice = estimate(counts.merge(counts), load_profile(name))
    assert twice.per_inference.typical == pytest.approx(estimate(counts, load_profile(name)).per_inference.typical)


def test_deployments_are_ordered_as_their_synops(counts):
    profile = load_profile("loihi1-davies2018")
    synapse = {
        d: estimate(counts, profile, deployment=d).split["synapse"].typical for d in ("graded", "shared", "channels")
    }
    assert synapse["graded"] < synapse["shared"] < synapse["channels"]
    assert synapse["channels"] == pytest.approx(2 * synapse["shared"])  # the only spiking layer has two levels


def test_scope_of_an_estimate_grows_with_static_power(counts):
    profile = load_profile("loihi1-davies2018")
    load = StaticLoad("batch1", 1, 3, Range.exact(1e-3))
    assert estimate(counts, profile).to_dict()["scope"] == "core_dynamic"
    with_static = estimate(counts, profile, static=load).to_dict()
    assert with_static["scope"] == "core_dynamic + chip_static"
    assert with_static["covers"] == "the work of the cores in use and what the whole chip draws while it waits"


def test_ann_twin_prices_one_dense_pass(counts):
    profile = load_profile("horowitz45-fp32")
    macs = 2048 + 2048 + 10
    assert ann_estimate(counts, profile, "fp32").per_inference.typical == pytest.approx(4.6 * PJ * macs)
    int8 = ann_estimate(counts, profile, "int8").per_inference
    assert (int8.low, int8.typical) == (pytest.approx(0.23 * PJ * macs), pytest.approx(0.3 * PJ * macs))
    assert ann_estimate(counts, profile, "int8").to_dict()["dense_macs"] == macs
    span = ann_estimates(counts, load_profile("loihi1-davies2018"))["fp32"].per_inference
    assert (span.low, span.high) == (pytest.approx(1.69 * PJ * macs), pytest.approx(4.6 * PJ * macs))
    with pytest.raises(InputError, match="names no fp4 twin"):
        ann_estimate(counts, profile, "fp4")


def test_counts_without_samples_are_refused(counts):
    empty = dataclasses.replace(counts, samples=0)
    with pytest.raises(InputError, match="no samples"):
        estimate(empty, load_profile("horowitz45-fp32"))
    with pytest.raises(InputError, match="no deployment 'telepathy'"):
        estimate(counts, load_profile("horowitz45-fp32"), deployment="telepathy")
