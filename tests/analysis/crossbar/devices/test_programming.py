"""Programmed devices: statistics of aihwkit, and closed moments of normal errors, within Monte-Carlo error.

Errors add normal(0, s) to a conductance ("independent") or multiply it by 1 + normal(0, s) ("proportional"). Numbers of
CrossSim are in `test_crosssim.py`.
"""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from snnhw.analysis.crossbar.devices.device import Device, load_device
from snnhw.analysis.crossbar.devices.programming import Levels, program, spread_us
from snnhw.errors import InputError

GOLDEN = json.loads((Path(__file__).parents[3] / "golden" / "noise_aihwkit.json").read_text())
DRAWS = 10_000
SIGMAS = 5  # of the error of a mean or deviation of so many draws, which one test in a million exceeds
DEVICE = Device("plain", "Plain", g_on_us=100.0, g_off_us=10.0)


def drawn(device, aimed_us, time_s=0.0, seed=0):
    """Devices that aim at one conductance, through levels of a device whose highest level it is."""
    of = Levels(replace(device, g_off_us=aimed_us), 1)  # level 0 is g_off
    return program(torch.zeros(DRAWS), of, torch.Generator().manual_seed(seed), time_s)[0]


def check_moments(found, mean, deviation, golden_draws=math.inf):
    error = deviation * math.sqrt(1 / DRAWS + 1 / golden_draws)
    assert abs(float(found.mean()) - mean) < SIGMAS * error
    assert abs(float(found.std()) - deviation) < SIGMAS * error  # of a normal / sqrt(2); wider for clipped ones


@pytest.mark.parametrize("row", GOLDEN["rows"], ids=lambda row: f"{row['device']}-{row['aimed']:g}-{row['time_s']:g}")
def test_devices_have_the_statistics_of_aihwkit(row):
    device = load_device(row["device"])
    mean, deviation = row["found"]
    if row["aimed"] < device.g_on_us:
        found = drawn(device, row["aimed"], row["time_s"])
    else:
        found = program(torch.ones(DRAWS), Levels(device, 1), torch.Generator().manual_seed(0), row["time_s"])[0]
    check_moments(found, mean, deviation, GOLDEN["draws"])


@pytest.mark.parametrize("share", [0.01, 0.05])
@pytest.mark.parametrize("level", [1, 2, 3])
def test_independent_and_proportional_spread_have_the_moments_of_their_formulas(share, level):
    of = Levels(DEVICE.spread_to(share), 2)
    aimed = 10.0 + 30.0 * level
    levels = torch.full((DRAWS,), level)
    independent = program(levels, of, torch.Generator().manual_seed(1))[0]
    check_moments(independent, aimed, share * 90.0)  # in units of the range
    proportional = program(
        levels, replace(of, device=DEVICE.spread_to(share, proportional=True)), torch.Generator().manual_seed(2)
    )[0]
    check_moments(proportional, aimed, share * aimed)
    normal = ((independent - aimed) / (share * 90.0)).numpy()
    assert abs((normal**3).mean()) < SIGMAS * math.sqrt(15 / DRAWS)
    assert abs((normal**4).mean() - 3) < SIGMAS * math.sqrt(96 / DRAWS)


def test_fits_of_crosssim_for_measured_devices_are_those_of_the_files():
    """RRAMMilo: 4.782321 - 0.009107 g; RRAMWan: 1.536e-4 g^3 - 1.167e-2 g^2 + 0.2374 g + 1.053, in uS."""
    g = torch.linspace(50.0, 225.0, 9, dtype=torch.float64)
    milo = spread_us(load_device("hfo2-milo2021"), g)
    torch.testing.assert_close(milo, 4.782321 - 0.009107 * g, rtol=1e-6, atol=0)
    g = torch.linspace(5.0, 38.0, 12, dtype=torch.float64)
    theirs = 1.536e-4 * g**3 - 1.167e-2 * g**2 + 0.2374 * g + 1.053
    ours = spread_us(load_device("hfox-wan2022"), g, 1.0)  # two fits by two groups of the same figure
    assert float((ours - theirs).abs().max()) < 0.45


@given(st.integers(1, 6), st.integers(0, 2**31))
def test_without_spread_levels_are_met_exactly(bits, seed):
    rng = np.random.default_rng(seed)
    levels = torch.as_tensor(rng.integers(0, 2**bits, size=(3, 4)))
    of = Levels(DEVICE, bits)
    got = program(levels, of, torch.Generator().manual_seed(seed), seeds=2)
    assert got.shape == (2, 3, 4)
    torch.testing.assert_close(of.in_steps(got), levels.expand(2, 3, 4).double(), rtol=0, atol=1e-9)


def test_levels_go_from_the_lowest_conductance_to_the_highest():
    of = Levels(DEVICE, 2)
    assert of.step_us == 30.0
    assert of.conductances(torch.arange(4)).tolist() == [10.0, 40.0, 70.0, 100.0]


def test_a_seed_gives_the_same_devices_and_another_others():
    of = Levels(DEVICE.spread_to(0.1), 2)
    first, again, other = (program(torch.ones(50), of, torch.Generator().manual_seed(s)) for s in (3, 3, 4))
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_no_conductance_is_negative():
    assert float(drawn(DEVICE.spread_to(2.0), 10.0).min()) == 0.0


def test_shares_of_devices_are_stuck_at_both_ends_whatever_was_programmed():
    device = replace(DEVICE, stuck_on=0.1, stuck_off=0.3)
    got = program(torch.full((DRAWS,), 1), Levels(device, 2), torch.Generator().manual_seed(0))[0]
    for share, conductance in ((0.1, 100.0), (0.3, 10.0), (0.6, 40.0)):
        found = float((got == conductance).double().mean())
        assert abs(found - share) < SIGMAS * math.sqrt(share * (1 - share) / DRAWS)


def test_drift_follows_a_power_of_time_from_the_time_of_the_file():
    device = replace(DEVICE, drift_exponent=0.05, drift_from_s=20.0)
    assert torch.equal(drawn(device, 50.0, 20.0), drawn(DEVICE, 50.0))
    late = drawn(device, 50.0, 2000.0)
    torch.testing.assert_close(late, torch.full_like(late, 50.0 * 100**-0.05))
    stuck = replace(device, stuck_on=1.0)
    assert float(drawn(stuck, 50.0, 2000.0).min()) == 100.0


def test_spread_grows_between_the_times_of_the_file_and_later_ones_are_refused():
    device, g = load_device("hfox-wan2022"), torch.tensor([20.0], dtype=torch.float64)
    early, middle, day = (float(spread_us(device, g, time)) for time in (0.0, math.sqrt(86400.0), 86400.0))
    assert early < middle < day and middle == pytest.approx((early + day) / 2)
    with pytest.raises(InputError, match="known up to 172800 s"):
        spread_us(device, g, 1e7)


@pytest.mark.parametrize("time", [-1.0, math.inf, math.nan])
def test_times_that_are_none_are_refused(time):
    with pytest.raises(InputError, match="at least 0"):
        drawn(DEVICE, 50.0, time)
