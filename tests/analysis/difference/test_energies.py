"""Which energies are subtracted: those of one scope alone, and parts that add up to a layer."""

from __future__ import annotations

import copy

import pytest

from snnhw.analysis.difference.energies import Shift, apart, part_shifts, priced_pairs, shift
from snnhw.analysis.ranges import Range
from tests.analysis.difference.runs import between, sample_run


def test_an_energy_is_subtracted_end_by_end_and_none_is_nothing():
    assert shift(Range(1, 2, 3), Range(5, 5, 5)) == Shift(4, 3, 2)
    assert shift(None, Range(1, 2, 3)) == Shift(1, 2, 3) and shift(None, None).to_dict()["low"] == 0


def test_profiles_of_one_name_are_pairs_and_two_scopes_never_are():
    a = sample_run()
    b = copy.deepcopy(a)
    b["energy"]["horowitz45-fp32"]["scope"] = "board"
    found = between(a, b)
    assert list(priced_pairs(found.a, found.b)) == ["loihi1-davies2018"]
    assert list(apart(found.a, found.b)) == ["horowitz45-fp32"]
    assert [finding.code for finding in found.findings] == ["other-scope"]


def test_other_profiles_of_one_scope_are_compared_and_that_is_said():
    found = between(sample_run(profiles=("loihi1-davies2018",)), sample_run(profiles=("loihi1-sanafe",)))
    assert list(found.prices) == ["loihi1-davies2018 -> loihi1-sanafe"]
    assert {"other-constants", "one-profile-alone"} <= {finding.code for finding in found.findings}
    apart_ones = between(sample_run(profiles=("loihi1-davies2018",)), sample_run(profiles=("horowitz45-fp32",)))
    assert not apart_ones.prices and "other-scope" in {finding.code for finding in apart_ones.findings}


def test_an_unstated_scope_is_compared_with_the_same_profile_alone():
    a = sample_run(profiles=("horowitz45-fp32",))
    a["energy"]["horowitz45-fp32"]["scope"] = "unstated"
    b = copy.deepcopy(a)
    assert between(a, b).prices
    b["stamp"]["profiles"]["horowitz45-fp32"] = "c" * 64
    assert not between(a, b).prices


def test_parts_of_a_layer_add_up_to_it():
    found = between(sample_run(timesteps=2), sample_run(timesteps=5))
    for prices in found.prices.values():
        for pair in found.pairs:
            *_, moved = found.energy(pair, prices)
            assert sum(part_shifts(pair, prices).values()) == pytest.approx(moved.typical, rel=1e-9, abs=1e-18)
