"""The matrix of prices says of every sample what the estimate says, on every profile in every deployment."""

from __future__ import annotations

import numpy as np
import pytest

from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.hardware.profiles import available_profiles, load_profile
from snnhw.analysis.stored.pricing import energies_of, prices, sample_energies, summary_of
from snnhw.errors import InputError
from snnhw.passes import DEPLOYMENTS
from snnhw.simulation.engine import simulate
from tests.analysis.counting.test_products import NETWORKS, run
from tests.analysis.stored.runs import network, stored_of, whole
from tests.simulation.test_recurrent import recurrent_net

PROFILES = [load_profile(name) for name in available_profiles()]


@pytest.mark.parametrize("deployment", [None, *DEPLOYMENTS])
def test_each_sample_costs_what_it_costs_alone(deployment):
    graph, inputs = network()
    found = sample_energies(whole(), PROFILES, [deployment] * len(PROFILES))
    for n in range(len(inputs)):
        counts = count(graph, simulate(graph, inputs[n : n + 1]))
        for profile in PROFILES:
            expected = estimate(counts, profile, deployment=deployment).per_inference.ends
            np.testing.assert_allclose(found[profile.name][:, n], expected, rtol=1e-12)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_the_mean_over_samples_is_the_estimate_of_the_report(profile):
    energy = sample_energies(whole(), [profile])[profile.name]
    np.testing.assert_allclose(energy.mean(axis=1), estimate(whole().counts, profile).per_inference.ends, rtol=1e-12)
    assert (energy[0] <= energy[1]).all() and (energy[1] <= energy[2]).all()


def test_attention_and_loops_are_priced_too():
    rng = np.random.default_rng(0)
    attention = run(next(iter(NETWORKS)))[0].graph
    for graph, inputs in (
        (attention, rng.normal(0.5, 1, (2, 2, 8, 8))),
        (recurrent_net(0), rng.normal(0, 2, (3, 7, 3))),
    ):
        stored = stored_of(graph, inputs)
        found = sample_energies(stored, PROFILES)
        for profile in PROFILES:
            mean = estimate(stored.counts, profile).per_inference.ends
            np.testing.assert_allclose(found[profile.name].mean(axis=1), mean, rtol=1e-12)


def test_a_step_changes_no_price_and_large_numbers_stay_exact():
    stored = whole()
    found = prices(stored.header.demand, PROFILES, [None] * len(PROFILES))
    assert found.columns.shape == (3 * len(PROFILES), len(stored.header.demand.columns))
    assert (found.columns >= 0).all() and (found.fixed >= 0).all()
    values = stored.values[: found.columns.shape[1]]
    one = energies_of(values, found)
    np.testing.assert_allclose(one, found.columns @ values + found.fixed[:, None], rtol=1e-12)
    np.testing.assert_array_equal(one[:, 3:7], energies_of(values[:, 3:7], found))


def test_a_deployment_that_does_not_exist_is_refused():
    with pytest.raises(InputError, match="deployment"):
        sample_energies(whole(), PROFILES[:1], ["everything"])


def test_the_summary_is_of_the_typical_energies():
    energy = {"p": np.stack([np.arange(101.0) / 2, np.arange(101.0), np.arange(101.0) * 2])}
    assert summary_of(energy) == {"p": {"mean": 50.0, "min": 0.0, "p5": 5.0, "p95": 95.0, "max": 100.0}}
