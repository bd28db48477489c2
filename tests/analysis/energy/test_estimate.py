"""Energies are counts times sourced constants, in J per inference; the split and the layers add up to the whole."""

import dataclasses
from pathlib import Path

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


def test_the_convention_by_hand(counts):
    """4.6 pJ per tap of the analogue first layer at every step, 0.9 pJ per unit synop and per bias."""
    split = estimate(counts, load_profile("horowitz45-fp32")).split
    first, body, readout = counts.layers
    assert first.macs == 4 * 3 * 2048
    assert split["first_layer"].typical == pytest.approx(4.6 * PJ * 3 * 2048)
    assert split["synapse"].typical == pytest.approx(0.9 * PJ * (body.unit_synops + first.bias_adds) / 4)
    assert split["readout"].typical == pytest.approx(0.9 * PJ * readout.unit_synops / 4)
    assert split["neuron"].typical == pytest.approx(4.6 * PJ * 3 * (3 * 144 + 2 * 72))


def test_loihi_by_hand(counts):
    """K*u synops at 23.6 pJ; every compartment 52 pJ a step, 29 more if active, as all are; analogue taps off chip."""
    energy = estimate(counts, load_profile("loihi1-davies2018"))
    split, (_, body, readout) = energy.split, counts.layers
    ends = [pj * PJ * 2 * body.unit_synops / 4 for pj in (18.9, 23.6, 35.5)]
    assert split["synapse"].ends == pytest.approx(ends)
    updates, fired = 3 * (3 * 144 + 2 * 72), counts.total("spikes") / 4
    assert split["neuron"].low == pytest.approx(52 * PJ * updates)
    assert split["neuron"].typical == pytest.approx(81 * PJ * updates)
    assert split["neuron"].high == pytest.approx((58.1 + 32.4) * PJ * updates)
    assert split["first_layer"].typical == pytest.approx(0.3 * PJ * 3 * 2048)
    assert split["communication"].low == pytest.approx(1.7 * PJ * fired)  # each unit feeds one layer
    synops = 18.9 * PJ * readout.unit_synops / 4
    assert split["readout"].low == pytest.approx(synops + 52 * PJ * 3 * 5)
    assert any("off chip" in sentence for sentence in energy.assumes)


def test_deployments_are_ordered_as_their_synops(counts):
    profile = load_profile("loihi1-davies2018")
    synapse = {
        d: estimate(counts, profile, deployment=d).split["synapse"].typical for d in ("graded", "shared", "channels")
    }
    assert synapse["graded"] < synapse["shared"] < synapse["channels"]
    assert synapse["channels"] == pytest.approx(2 * synapse["shared"])  # the only spiking layer has two levels


def test_a_graded_spike_is_sent_once(counts):
    """Three levels that fire together are three active membranes, but one spike."""
    profile = load_profile("loihi1-sanafe")
    for deployment, sent in (("graded", counts.total("graded_spikes")), ("shared", counts.total("spikes"))):
        terms = estimate(counts, profile, deployment=deployment).terms
        count = sum(t.count.typical for t in terms if t.constant.name == "spike_out")
        assert count == pytest.approx(sent / 4)
    assert counts.total("graded_spikes") < counts.total("spikes")


def test_power_is_spent_for_as_long_as_the_steps_may_last(counts):
    speck = load_profile(Path(__file__).parents[2] / "golden" / "speck_by_power.toml")
    slow = dataclasses.replace(speck["step_time"], range=Range(1e-3, 1e-3, 5e-3))
    profile = dataclasses.replace(speck, constants={**speck.constants, "step_time": slow})
    energy = estimate(counts, profile).per_inference
    assert energy.ends == pytest.approx((3 * 0.42e-6, 3 * 0.7e-6, 15 * 0.7e-6))


def test_speck_by_hand(counts):
    """Resting 0.42 mW over 3 steps of 1 ms, and 4.42 nJ for every spike that a neuron sends."""
    energy = estimate(counts, load_profile("speck"))
    spikes = sum(sum(layer.spikes) for layer in counts.layers) / 4
    assert spikes > 0 and energy.scope == "chip"
    assert energy.split["static"].ends == pytest.approx([3 * 0.42e-6] * 3)
    assert energy.split["neuron"].ends == pytest.approx([nj * 1e-9 * spikes for nj in (2.9, 4.42, 7.6)])


def test_a_step_of_loihi2_costs_the_chip_whatever_the_network_does(counts):
    energy = estimate(counts, load_profile("loihi2"))
    assert energy.split["steps"].ends == pytest.approx([nj * 1e-9 * 3 for nj in (26.7, 32.2, 42.9)])
    assert energy.layers["chip"] == energy.split["steps"]


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
