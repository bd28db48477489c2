"""The prices of spikes are those of the estimate, on every profile that prices spikes and in every deployment."""

import numpy as np
import pytest

from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.energy.spike_energy import energy_pj, energy_prices
from snnhw.analysis.hardware.profiles import available_profiles, load_profile
from snnhw.passes import DEPLOYMENTS
from tests.analysis.nets import random_raster, record_of, small_net

PRICING = [name for name in available_profiles() if load_profile(name).model != "measured"]


@pytest.mark.parametrize("deployment", DEPLOYMENTS)
@pytest.mark.parametrize("name", PRICING)
def test_priced_spikes_are_the_estimate(name, deployment):
    graph, profile = small_net(), load_profile(name)
    record = record_of(graph, random_raster(graph, np.random.default_rng(4), samples=3, density=0.4))
    counts = count(graph, record)
    whole = energy_prices(graph, profile, deployment).of(record)
    assert whole == pytest.approx(energy_pj(counts, profile, deployment), rel=1e-9)
    high = estimate(counts, profile, deployment=deployment).per_inference.high
    assert whole == pytest.approx(3e12 * high, rel=1e-9)


def test_a_spike_on_loihi_costs_its_synops_and_its_message():
    """By hand: at most 9 taps to 2 channels and 2 levels at 35.5 pJ, and one message of 34.7 pJ, from the middle."""
    prices = energy_prices(small_net(), load_profile("loihi1-davies2018"))
    assert prices.sources["stem_mlf"].levels[:, 0, 3, 3] == pytest.approx([9 * 2 * 2 * 35.5 + 34.7] * 3)
    assert prices.sources["stem_mlf"].levels[0, 0, 0, 0] == pytest.approx(4 * 2 * 2 * 35.5 + 34.7)
    updates = 3 * (3 * 4 * 36 + 2 * 2 * 36 + 5)
    macs = 3 * 4 * 2 * 256  # 16 * 16 taps of 3 x 3 inside 6 x 6
    assert prices.constant == pytest.approx(updates * (58.1 + 32.4) + macs * 4.6)
