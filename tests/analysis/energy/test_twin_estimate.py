"""The energy of a twin is the sum of its layers, and its key says what it is priced with."""

import numpy as np
import pytest

from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.twin import ann_estimate, scopes
from snnhw.analysis.hardware.profiles import available_profiles, load_profile
from snnhw.simulation.engine import simulate
from tests.analysis.nets import small_net


@pytest.fixture(scope="module")
def counts():
    graph = small_net()
    return count(graph, simulate(graph, np.random.default_rng(3).normal(size=(2, 2, 6, 6))))


@pytest.mark.parametrize("name", available_profiles())
def test_layers_add_up_and_keys_differ(counts, name):
    profile = load_profile(name)
    found = [ann_estimate(counts, profile, p, scope) for p in profile.twins for scope in scopes(profile, p)]
    assert len({twin.key for twin in found}) == len(found)
    for twin in found:
        parts = [energy.typical for energy in twin.layers.values()]
        assert sum(parts) == pytest.approx(twin.per_inference.typical)
        assert twin.to_dict()["excludes"] and twin.key.startswith(twin.precision)
