"""Layers, levels and constants each add up to the whole; the share of a level by hand."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.attribution import attribution
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.hardware.profiles import available_profiles, load_profile
from snnhw.analysis.ranges import Range
from snnhw.passes.declare_input import declare_input
from snnhw.simulation.engine import simulate
from tests.analysis.nets import small_net

PJ = 1e-12


def counted(seed, scale, events=False):
    graph = declare_input(small_net(), 1) if events else small_net()
    rng = np.random.default_rng(seed)
    values = (rng.random((2, 3, 2, 6, 6)) < 0.4).astype(float) if events else rng.normal(size=(2, 2, 6, 6)) * scale
    return count(graph, simulate(graph, values))


@pytest.mark.parametrize("name", available_profiles())
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 99), scale=st.floats(0.1, 4), events=st.booleans())
def test_every_view_adds_up_to_the_whole(name, seed, scale, events):
    counts = counted(seed, scale, events)
    for deployment in ("channels", "graded"):
        energy = estimate(counts, load_profile(name), deployment=deployment)
        found = attribution(counts, energy)
        by_level = Range.total((*found.levels, found.input, found.fixed))
        for parts in (found.layers.values(), found.constants.values(), [by_level]):
            assert Range.total(parts).ends == pytest.approx(energy.per_inference.ends)


def test_levels_by_hand():
    """On 0.9 pJ a unit synop a level costs its own synops; small_net has two levels in front of the body's one."""
    counts = counted(3, 2.0)
    found = attribution(counts, estimate(counts, load_profile("horowitz45-fp32")))
    for level in range(counts.max_levels):
        synops = sum(e.level_synops[level] for row in counts.layers for e in row.edges if len(e.level_synops) > level)
        assert found.levels[level].typical == pytest.approx(0.9 * PJ * synops / 2)
    assert found.levels[0].typical > found.levels[1].typical > 0 and found.input == Range(0, 0, 0)


def test_a_chip_that_prices_spikes_sent_charges_the_level_that_sends():
    counts = counted(3, 2.0)
    found = attribution(counts, estimate(counts, load_profile("speck")))
    for level in range(counts.max_levels):
        sent = sum(row.spikes[level] for row in counts.layers if len(row.spikes) > level)
        assert found.levels[level].typical == pytest.approx(4.42e-9 * sent / 2)
    assert found.fixed.typical == pytest.approx(0.42e-3 * 3e-3)


def test_events_of_the_input_are_of_no_level():
    counts = counted(1, 1.0, events=True)
    found = attribution(counts, estimate(counts, load_profile("horowitz45-fp32")))
    arriving = sum(e.unit_synops for row in counts.layers for e in row.edges if e.input_size)
    assert arriving and found.input.typical == pytest.approx(0.9 * PJ * arriving / 2)
    assert found.to_dict()["input"]["typical"] == found.input.typical
