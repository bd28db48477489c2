"""Network and twin on a measured profile: what was measured, compared at one scope and with nothing computed."""

import dataclasses

import numpy as np
import pytest

from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.breakeven import break_even, growing_part
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.energy.machine import measured_twin
from snnhw.analysis.energy.twin import ann_estimates
from snnhw.analysis.hardware.profiles import parse_profile
from snnhw.analysis.ranges import Range
from snnhw.analysis.report.likeness import advantages
from snnhw.simulation.engine import simulate
from tests.analysis.energy.measured_profile import MEASURED
from tests.analysis.nets import small_net


@pytest.fixture(scope="module")
def counts():
    graph = small_net()
    return count(graph, simulate(graph, np.random.default_rng(3).normal(size=(4, 2, 6, 6)) * 2))


@pytest.fixture(scope="module")
def profile():
    return parse_profile(MEASURED, "m.toml")


def test_both_cost_what_was_measured(counts, profile):
    network, (twin,) = estimate(counts, profile), ann_estimates(counts, profile, 0.5).values()
    assert network.per_inference.ends == pytest.approx((5e-3, 6e-3, 8e-3))
    assert twin == measured_twin(counts, profile)
    assert twin.per_inference.ends == pytest.approx((1e-3, 2e-3, 2.5e-3)) and twin.macs == 4106
    assert network.scope == twin.scope == "package_dynamic" and twin.key == "fp32"
    assert list(network.split) == ["machine"] and list(network.layers) == ["chip"]
    assert any("memory modules" in text for text in twin.excludes)


def test_neither_has_an_advantage_on_one_machine(counts, profile):
    network, twin = estimate(counts, profile), measured_twin(counts, profile)
    assert advantages(network, twin, of_network=True) == advantages(network, twin, of_network=False) == ()


def test_break_even_of_a_dense_machine(counts, profile):
    """The twin computes once, the network 3 steps: at T = 3 * 2 / 6 = 1 both cost 2 mJ; fewer spikes save nothing."""
    twin = measured_twin(counts, profile)
    growing = Range.total(growing_part(counts, twin.layers).values())
    assert growing.high == 0
    point = break_even(counts, estimate(counts, profile), twin.per_inference, growing=growing)
    assert point.break_even_steps == pytest.approx(1.0) and point.break_even_rate is None


def test_a_twin_that_is_measured_as_a_whole_grows_by_the_share_of_what_it_repeats(counts):
    first, *others = counts.layers
    repeated = dataclasses.replace(counts, layers=(dataclasses.replace(first, repeated_macs=first.dense_macs), *others))
    found = growing_part(repeated, {"chip": Range.exact(4106.0), first.name: Range.exact(1.0)})
    assert found["chip"].typical == pytest.approx(2048) and found[first.name].typical == 1.0
