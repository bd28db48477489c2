"""The memory-inclusive model, against the two public implementations of it on one small network."""

import numpy as np
import pytest

from snnhw.analysis.counting.count import count
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.energy.memory import (
    READINGS,
    MemoryLayer,
    access_constant,
    access_energy,
    memory_energy,
    memory_layers,
)
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.simulation.engine import simulate
from tests.analysis.nets import small_net

PJ = 1e-12
# conv 2->4 3x3 stride 2 pad 1 on 8x8 + IF, dense 64->5 + IF, T = 4; spikes per inference 152 in, 132 between, 18 out
WORKED = (
    MemoryLayer("conv", "conv", 152, 132, 128, 64, 4, (3, 3), (2, 2), 72, 4),
    MemoryLayer("dense", "dense", 132, 18, 64, 5, 5, (1, 1), (1, 1), 320, 4),
)


@pytest.mark.parametrize(
    ("reading", "potentials", "weights", "messages", "operations", "addressing", "total"),
    [
        ("qualia", 169429.3, 81153.5, 5880.2, 351.8, 1110.6, 257925.4),
        ("spikingjelly", 3613.2, 2955.0, 2119.1, 324.2, 1586.0, 10597.5),
    ],
)
def test_worked_example_nine(reading, potentials, weights, messages, operations, addressing, total):
    energy = memory_energy(WORKED, load_profile("lemaire45"), READINGS[reading])
    found = [energy.potentials, energy.weights, energy.messages, energy.operations, energy.addressing, energy.total]
    expected = [potentials, weights, messages, operations, addressing, total]
    assert [round(joule / PJ, 1) for joule in found] == expected


def test_the_two_readings_differ_24_fold_and_the_physical_one_is_below_both():
    profile = load_profile("lemaire45")
    totals = {name: memory_energy(WORKED, profile, reading).total for name, reading in READINGS.items()}
    assert totals["qualia"] / totals["spikingjelly"] == pytest.approx(24.3, abs=0.1)
    assert totals["physical"] < totals["spikingjelly"]


@pytest.mark.parametrize(("kib", "expected"), [(0, 0), (4, 5), (8, 10), (20, 15), (32, 20), (1024, 100), (4096, 100)])
def test_sram_curve_goes_through_the_published_points(kib, expected):
    profile = load_profile("lemaire45")
    bits = kib * 1024 * 8
    assert access_energy(bits, profile, READINGS["spikingjelly"]) == pytest.approx(expected * PJ)
    assert access_energy(bits, profile, READINGS["physical"]) == pytest.approx(expected * PJ / 2)


def test_straight_line_charges_a_one_word_memory_as_if_it_were_large():
    assert access_energy(32, load_profile("lemaire45"), READINGS["qualia"]) == pytest.approx(13.2003 * PJ, rel=1e-4)


def test_layers_of_a_network_carry_its_exact_counts():
    graph = small_net()
    counts = count(graph, simulate(graph, np.random.default_rng(3).normal(size=(4, 2, 6, 6)) * 2))
    stem, body, fc = memory_layers(graph, counts)
    assert (stem.macs, stem.spikes_in, stem.levels, stem.bias, stem.leaky) == (3 * 2048, 0, 3, True, True)
    assert body.spikes_in == sum(counts.layers[0].spikes) / 4
    assert body.synops == counts.layers[1].unit_synops / 4
    assert (fc.kind, fc.spikes_in, fc.leaky, fc.levels) == ("dense", sum(counts.layers[1].spikes) / 4, False, 1)
    energy = memory_energy((stem, body, fc), load_profile("lemaire45"), READINGS["physical"])
    assert min(energy.operations, energy.addressing, energy.messages, energy.weights, energy.potentials) > 0


def test_an_access_is_a_range_between_the_readings():
    profile = load_profile("lemaire45")
    small, large = access_constant(64, profile, "weights"), access_constant(8192, profile, "weights")
    assert small.range.typical == pytest.approx(5 * PJ)
    assert small.range.low < small.range.typical < small.range.high
    assert large.range.low == large.range.typical == pytest.approx(10 * PJ)
    assert large.range.high == pytest.approx((13.2 + 1.09e-5 * 8192 * 32) * PJ)


def test_memory_outweighs_arithmetic():
    """With an access per operation, memory is the larger part by far: the reason why arithmetic alone misleads."""
    graph = small_net()
    counts = count(graph, simulate(graph, np.random.default_rng(3).normal(size=(4, 2, 6, 6)) * 2))
    split = estimate(counts, load_profile("lemaire45")).split
    arithmetic = sum(energy.typical for part, energy in split.items() if part != "memory")
    assert split["memory"].low < split["memory"].typical < split["memory"].high
    assert split["memory"].typical > 5 * arithmetic
