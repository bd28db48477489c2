"""What is said of an estimate: the profile's sentences, and one more for each thing in the counts that calls for it."""

import dataclasses

import numpy as np
import pytest

from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.estimate_assumes import ATTENTION, assumes, excludes
from snnhw.analysis.energy.static import StaticLoad
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.analysis.ranges import Range
from snnhw.simulation.engine import simulate
from tests.analysis.nets import small_net


@pytest.fixture(scope="module")
def counts():
    graph = small_net()
    return count(graph, simulate(graph, np.ones((2, 2, 6, 6))))


def more(counts, profile, static=None, **changes):
    """Sentences that a change of the first layer adds."""
    first, *others = counts.layers
    changed = dataclasses.replace(counts, layers=(dataclasses.replace(first, **changes), *others))
    before = set(assumes(counts, profile, None))
    return [text for text in assumes(changed, profile, static) if text not in before]


def test_each_thing_in_the_counts_is_said_once(counts):
    profile = load_profile("loihi1-davies2018")
    said = assumes(counts, profile, None)
    assert said[: len(profile.assumes)] == profile.assumes
    assert any("analogue first layer is computed at every step" in text for text in said)
    (pools,) = more(counts, profile, pool_adds=4)
    assert "Pools between a synapse" in pools
    attention, chip = more(counts, profile, kind="product", macs=0)
    assert attention == ATTENTION and chip.startswith("No chip has products of two populations")
    assert more(counts, load_profile("horowitz45-fp32"), kind="product", macs=0) == [ATTENTION]
    (static,) = more(counts, profile, StaticLoad("batch1", 2, 7, Range.exact(1.0)))
    assert "2 whole chips over 7 steps" in static


def test_static_power_and_operations_of_a_host_are_left_out(counts):
    profile = load_profile("loihi1-davies2018")
    assert excludes(counts, profile, None) == (*profile.excludes, "static power")
    assert excludes(counts, profile, StaticLoad("batch1", 1, 3, Range.exact(1.0))) == profile.excludes
    first, *others = counts.layers
    pooled = dataclasses.replace(counts, layers=(dataclasses.replace(first, host_operations=10), *others))
    assert "5 operations per inference of max pools" in excludes(pooled, profile, None)[-2]


def test_narrow_weights_save_no_energy_where_the_profile_has_one_price(counts):
    narrow = {"params": 10, "weight_bits": 44}  # ten weights of 4 bits, of which a bias is 8
    others = [dataclasses.replace(layer, params=0, weight_bits=0) for layer in counts.layers[1:]]
    alone = dataclasses.replace(counts, layers=(counts.layers[0], *others))
    (said,) = more(alone, load_profile("loihi1-davies2018"), **narrow)
    assert said.startswith("Weights have 4 bits") and "which are those of 8 bits" in said
    assert more(alone, load_profile("loihi1-davies2018"), params=10, weight_bits=80) == []
