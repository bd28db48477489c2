"""Tornado and sampling agree with the ranges they come from."""

import numpy as np
import pytest

from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.energy.sensitivity import sampled, tornado
from snnhw.analysis.hardware.profiles import available_profiles, load_profile
from snnhw.errors import InputError
from snnhw.simulation.engine import simulate
from tests.analysis.nets import small_net


@pytest.fixture(scope="module")
def counts():
    graph = small_net()
    return count(graph, simulate(graph, np.random.default_rng(3).normal(size=(4, 2, 6, 6)) * 2))


@pytest.mark.parametrize("name", available_profiles())
def test_swings_add_up_to_the_interval(counts, name):
    energy = estimate(counts, load_profile(name))
    swings, whole = tornado(energy), energy.per_inference
    assert sum(s.high - whole.typical for s in swings) == pytest.approx(whole.high - whole.typical, abs=1e-15)
    assert sum(whole.typical - s.low for s in swings) == pytest.approx(whole.typical - whole.low, abs=1e-15)
    assert sum(s.share for s in swings) == pytest.approx(1)
    assert list(swings) == sorted(swings, key=lambda s: -s.width)


@pytest.mark.parametrize("name", available_profiles())
def test_sampled_spread_lies_inside_the_interval(counts, name):
    energy = estimate(counts, load_profile(name))
    found, whole = sampled(energy, 2000), energy.per_inference
    assert whole.low * (1 - 1e-12) <= found["p5"] <= found["p50"] <= found["p95"] <= whole.high * (1 + 1e-12)
    assert found == sampled(energy, 2000)


def test_the_synop_drives_a_loihi_estimate(counts):
    energy = estimate(counts, load_profile("loihi1-davies2018"))
    assert tornado(energy)[0].constant == "synop"
    assert sampled(energy)["p95"] < energy.per_inference.high


def test_accesses_to_all_memories_follow_one_curve(counts):
    """How the SRAM curve is read is one unknown, however many memories it prices: it is drawn once."""
    energy = estimate(counts, load_profile("lemaire45"))
    memories = [t.energy for t in energy.terms if t.constant.name.startswith("access to")]
    assert len({t.constant.name for t in energy.terms}) > 4
    (curve,) = (s for s in tornado(energy) if s.width > 0)
    assert (curve.constant, curve.width) == ("SRAM curve", pytest.approx(sum(e.high - e.low for e in memories)))
    found, whole = sampled(energy), energy.per_inference
    assert found["p95"] - found["p5"] > 0.6 * (whole.high - whole.low)  # one triangle: 0.68 of its base if symmetric


def test_too_few_draws_are_refused(counts):
    with pytest.raises(InputError, match="too few"):
        sampled(estimate(counts, load_profile("odin")), 10)
