"""The work of cores in seconds, by hand, and which part of it binds."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from snnhw.analysis.hardware.core_time import COMPUTE, MEMORY, TRAFFIC, CoreWork, parts
from snnhw.analysis.hardware.profiles import load_profile

NS = 1e-9


def work(**changes: list[float]) -> CoreWork:
    """Three cores: one updates, one adds, one sends and takes in."""
    found = {
        "received": [0, 20, 300], "sent": [10, 0, 400], "compartments": [1000, 100, 10], "active": [600, 50, 10],
        "spikes": [5, 0, 8],
    }  # fmt: skip
    arrays = {name: np.array(values, dtype=float) for name, values in {**found, **changes}.items()}
    return CoreWork({"conv": np.array([100.0, 5000.0, 50.0]), "dense": np.array([0.0, 40.0, 0.0])}, **arrays)


def test_three_cores_by_hand() -> None:
    """SANA-FE: 6.0 ns a compartment, 3.7 if active, 30 a spike, 5.1 a packet out, 16 in, 3.1 and 3.8 a synop."""
    found = parts(work(), load_profile("loihi1-sanafe"))
    neurons = [
        6.0 * 1000 + 3.7 * 600 + 30 * 5 + 5.1 * 10,
        6.0 * 100 + 3.7 * 50,
        6.0 * 10 + 3.7 * 10 + 30 * 8 + 5.1 * 400,
    ]
    messages = [3.1 * 100, 16 * 20 + 3.1 * 5000 + 3.8 * 40, 16 * 300 + 3.1 * 50]
    assert found.neurons == pytest.approx(np.array(neurons) * NS)
    assert found.messages == pytest.approx(np.array(messages) * NS)
    assert found.busy == pytest.approx(np.array([8421.0, 15972.0, 4955.0]) * NS)
    assert found.in_turn == pytest.approx(found.neurons + found.messages)
    assert [found.binds(core) for core in range(3)] == [COMPUTE, MEMORY, TRAFFIC]


def test_sending_can_bind_the_side_of_the_neurons() -> None:
    found = parts(work(received=[0, 0, 0]), load_profile("loihi1-sanafe"))
    assert found.busy[2] == found.neurons[2] and found.binds(2) == TRAFFIC


def test_ends_of_a_profile_and_times_that_it_does_not_have() -> None:
    """Davies et al. 2018: 5.3 ns an idle compartment, 8.4 an active one, 3.5 a synop; no time of a message."""
    profile = load_profile("loihi1-davies2018")
    low, high = (parts(work(), profile, end) for end in ("low", "high"))
    assert low.compute == pytest.approx(np.array([1000, 100, 10]) * 5.3 * NS)
    assert high.compute == pytest.approx(np.array([1000, 100, 10]) * 8.4 * NS)
    assert low.memory == pytest.approx(np.array([100, 5040, 50]) * 3.5 * NS)
    assert not low.leaving.any() and not low.arriving.any()
    less = {name: constant for name, constant in profile.constants.items() if name != "synop_time"}
    assert not parts(work(), dataclasses.replace(profile, constants=less)).memory.any()
