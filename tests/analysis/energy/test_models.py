"""What each accounting model prices, by hand from the counts of one small network."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.analysis.ranges import Range
from snnhw.simulation.engine import simulate
from tests.analysis.nets import small_net

PJ = 1e-12


@pytest.fixture(scope="module")
def counts():
    graph = small_net()
    return count(graph, simulate(graph, np.random.default_rng(3).normal(size=(4, 2, 6, 6)) * 2))


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
