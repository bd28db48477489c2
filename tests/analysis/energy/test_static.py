"""Static power: chips times time times power, where a step is as long as the slowest core or as the convention says."""

import dataclasses
import re

import numpy as np
import pytest

from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.energy.static import static_load, step_time
from snnhw.analysis.hardware.chips import load_chip
from snnhw.analysis.hardware.mapping import map_network
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.analysis.ranges import Range
from snnhw.errors import InputError
from snnhw.passes.fold_pool import fold_pool
from snnhw.simulation.engine import simulate
from tests.analysis.nets import small_net


def test_static_energy_is_power_times_chips_times_time():
    graph = fold_pool(small_net())
    counts = count(graph, simulate(graph, np.random.default_rng(3).normal(size=(4, 2, 6, 6)) * 2))
    profile, mapping = load_profile("loihi1-davies2018"), map_network(graph, load_chip("loihi1"))
    off = estimate(counts, profile)
    assert static_load(graph, counts, profile, mapping, "off") is None
    realtime = static_load(graph, counts, profile, mapping, "realtime")
    assert (realtime.chips, realtime.steps, realtime.seconds.typical) == (1, 5, pytest.approx(5e-3))  # T = 3, depth 3
    energy = estimate(counts, profile, static=realtime)
    assert energy.split["static"].typical == pytest.approx(0.1044 * 5e-3)
    assert energy.per_inference.typical - off.per_inference.typical == pytest.approx(0.1044 * 5e-3)
    assert "static power" in off.excludes and "static power" not in energy.excludes
    batch1 = static_load(graph, counts, profile, mapping, "batch1")
    assert batch1.seconds.typical == pytest.approx(5 * step_time(counts, profile, mapping).typical)
    assert batch1.seconds.typical < realtime.seconds.typical
    with pytest.raises(InputError, match="no static mode 'sometimes'"):
        static_load(graph, counts, profile, mapping, "sometimes")


def test_step_time_by_hand():
    """The body is busiest, one core for two levels: synops at 3.5 ns, 144 updates at 8.4 ns, the barrier 465 ns."""
    graph = fold_pool(small_net())
    counts = count(graph, simulate(graph, np.random.default_rng(3).normal(size=(4, 2, 6, 6)) * 2))
    profile, mapping = load_profile("loihi1-davies2018"), map_network(graph, load_chip("loihi1"))
    assert [layer.cores for layer in mapping.layers] == [1, 1, 1]
    body = counts.layers[1]
    expected = 3.5e-9 * 2 * body.unit_synops / (4 * 3) + 8.4e-9 * 144 + 465e-9
    assert step_time(counts, profile, mapping).typical == pytest.approx(expected)


@pytest.fixture(scope="module")
def parts():
    graph = fold_pool(small_net())
    counts = count(graph, simulate(graph, np.random.default_rng(3).normal(size=(4, 2, 6, 6)) * 2))
    return graph, counts, load_profile("loihi1-davies2018"), map_network(graph, load_chip("loihi1"))


def test_twice_the_cores_halve_the_work_of_a_step_and_leave_the_barrier(parts):
    _, counts, profile, mapping = parts
    twice = dataclasses.replace(
        mapping, layers=tuple(dataclasses.replace(layer, cores=2 * layer.cores) for layer in mapping.layers)
    )
    barrier = profile["barrier_time"].range
    for end in ("low", "typical", "high"):
        alone = getattr(step_time(counts, profile, mapping), end) - getattr(barrier, end)
        assert getattr(step_time(counts, profile, twice), end) - getattr(barrier, end) == pytest.approx(alone / 2)


def test_samples_that_are_counted_twice_take_no_longer_each(parts):
    graph, counts, profile, mapping = parts
    for mode in ("batch1", "realtime"):
        once, twice = (static_load(graph, c, profile, mapping, mode) for c in (counts, counts.merge(counts)))
        assert once.seconds.ends == pytest.approx(twice.seconds.ends)
        assert once.to_dict()["seconds"] == once.seconds.to_dict() and once.to_dict()["mode"] == mode


@pytest.mark.parametrize(
    ("needed", "lasts", "said"),
    [
        (Range(1e-5, 2e-5, 3e-5), (1.0, 1.0, 1.0), ""),
        (Range(5e-4, 9e-4, 3e-3), (1.0, 1.0, 3.0), "which the chip may not keep: .*, and the longer is taken"),
        (Range(2e-3, 3e-3, 4e-3), (2.0, 3.0, 4.0), "which the chip cannot keep: .*so long they are taken to be"),
    ],
)
def test_fixed_steps_are_as_long_as_the_busiest_core_needs(parts, needed, lasts, said):
    """Five steps of 1 ms, or of what the core takes; the range takes the longer at each of its ends."""
    graph, counts, profile, mapping = parts
    load = static_load(graph, counts, profile, mapping, "realtime", needed)
    assert load.seconds.ends == pytest.approx([5e-3 * ms for ms in lasts])
    assert load.late == bool(said) and re.search(said, load.words)
    assert load.words.startswith("in fixed steps of 1.0") and load.to_dict()["pace"] == load.words
    own = static_load(graph, counts, profile, mapping, "batch1", needed)
    assert own.seconds.ends == pytest.approx([5 * s for s in needed.ends]) and not own.late


def test_a_profile_without_times_has_no_pace(parts):
    graph, counts, _, mapping = parts
    bare = load_profile("horowitz45-fp32")
    with pytest.raises(InputError, match="Profile 'horowitz45-fp32' has no constant 'step_time'; it has"):
        static_load(graph, counts, bare, mapping, "realtime")
    with pytest.raises(InputError, match="Profile 'horowitz45-fp32' has no constant 'synop_time'"):
        static_load(graph, counts, bare, mapping, "batch1")
