"""A measured profile prices networks of one size and refuses all others."""

import copy
import dataclasses

import numpy as np
import pytest

from snnhw.analysis.counting.count import count
from snnhw.analysis.hardware.profiles import parse_profile
from snnhw.analysis.hardware.workload import Workload, check_workload
from snnhw.errors import InputError
from snnhw.simulation.engine import simulate
from tests.analysis.energy.measured_profile import MEASURED
from tests.analysis.nets import small_net


@pytest.fixture(scope="module")
def counts():
    graph = small_net()
    return count(graph, simulate(graph, np.zeros((2, 2, 6, 6))))


def test_the_size_of_a_network_does_not_depend_on_its_weights_or_samples(counts):
    """small_net: 144 + 72 neurons and a read-out of 5; taps 2048 + 2048 + 10 of the twin, as test_twin counts them."""
    size = Workload.of(counts)
    assert (size.timesteps, size.neurons, size.dense_macs) == (3, 144 + 72 + 5, 2048 + 2048 + 10)
    graph = small_net()
    busier = count(graph, simulate(graph, np.ones((5, 2, 6, 6))))
    assert size.fits(busier)
    check_workload(size, busier, "mine")
    check_workload(None, busier, "any")


@pytest.mark.parametrize("key", ["timesteps", "neurons", "dense_macs"])
def test_another_size_is_another_network(counts, key):
    other = dataclasses.replace(Workload.of(counts), network="big", **{key: 7})
    with pytest.raises(InputError, match=r"'mine' is a measurement of big \(T = .*; measure this network with"):
        check_workload(other, counts, "mine")


def test_the_table_and_the_model_belong_together():
    assert parse_profile(MEASURED, "m.toml").measured_on == Workload("small", 3, 221, 4106)
    bare = {key: value for key, value in MEASURED.items() if key != "measured_on"}
    with pytest.raises(InputError, match=r"m.toml: the model 'measured' and the table \[measured_on\] .* add"):
        parse_profile(bare, "m.toml")
    extra = copy.deepcopy(MEASURED)
    extra["measured_on"]["seed"] = 3
    with pytest.raises(InputError, match=r"measured_on: the key 'seed' is unknown"):
        parse_profile(extra, "m.toml")
    power = {**MEASURED, "model": "operations", "technology_nm": 7, "constants": {}}
    with pytest.raises(InputError, match=r"needs the constant 'mac'"):
        parse_profile(power, "m.toml")
