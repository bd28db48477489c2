"""Devices, reads and converters against numbers that CrossSim's own models drew, within Monte-Carlo error.

The numbers are frozen (`benchmarks/conformance/noise_crosssim.py`), with the commit of each module. Of n draws here and
N there, with a deviation s: means differ by s sqrt(1/n + 1/N), deviations of normal numbers by that / sqrt(2), and the
share of ours below their quantile of p by sqrt(p (1 - p) (1/n + 1/N)), whatever the distribution; each is a standard
error, and five of them are exceeded once in 1.7 million tests.
"""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from snnhw.analysis.crossbar.adc import Converter
from snnhw.analysis.crossbar.devices.device import Device, Spread, load_device
from snnhw.analysis.crossbar.devices.programming import Levels, program
from snnhw.analysis.crossbar.devices.reads import device_read, noise_in_steps

GOLDEN = json.loads((Path(__file__).parents[3] / "golden" / "noise_crosssim.json").read_text())
DRAWS, SIGMAS = 10_000, 5
FITS_US = {  # of CrossSim, in powers of the conductance in uS
    "RRAMWan": (1.053, 2.374e-1, -1.167e-2, 1.536e-4),
    "PCMJoshi": (0.28638599, 0.07585724, -0.00178767),
}


def alike(row):
    """Our device with the error of a row, whose conductances are in units of theirs."""
    model, on = row["model"], row.get("g_on_us", 1.0)
    plain = Device(model, model, g_on_us=on, g_off_us=row["g_off"] * on)
    if model == "RRAMMilo":
        return load_device("hfo2-milo2021")
    if model in FITS_US:
        fit = tuple(value * on**power for power, value in enumerate(FITS_US[model]))
        return replace(plain, spreads=(Spread(0.0, fit),))
    if model == "NormalProportionalDevice":
        return plain.spread_to(row["magnitude"], proportional=True)
    return plain.spread_to(row["magnitude"] / (1 - row["g_off"]))  # theirs is a share of the highest conductance


def check(ours, theirs, draws):
    """`ours` within five standard errors of the mean, the deviation and every quantile of `theirs`."""
    both = math.sqrt(1 / len(ours) + 1 / draws)
    assert abs(ours.mean() - theirs["mean"]) < SIGMAS * theirs["std"] * both
    normal = math.sqrt(2) if theirs["quantiles"][0] > 0 else 1  # of what is clipped at 0, the fourth moment is another
    assert abs(ours.std(ddof=1) - theirs["std"]) < SIGMAS * theirs["std"] * both / normal
    for share, quantile in zip(GOLDEN["shares"], theirs["quantiles"], strict=True):
        if quantile > 0:  # at 0 devices that were clipped lie on the quantile itself
            assert abs((ours <= quantile).mean() - share) < SIGMAS * math.sqrt(share * (1 - share)) * both


@pytest.mark.parametrize(
    "row", GOLDEN["devices"], ids=lambda row: f"{row['model']}-{row['magnitude']:g}-{row['aimed']:.2f}"
)
def test_devices_have_the_statistics_of_crosssim(row):
    device = alike(row)
    of, level = Levels(device, 2), round(3 * (row["aimed"] - row["g_off"]) / (1 - row["g_off"]))
    assert of.conductances(torch.tensor(level)).item() == pytest.approx(row["aimed"] * row["g_on_us"])
    drawn = program(torch.full((DRAWS,), level), of, torch.Generator().manual_seed(7))[0]
    check(drawn.numpy() / row["g_on_us"], row, GOLDEN["draws"])


@pytest.mark.parametrize("row", GOLDEN["arrays"], ids=lambda row: f"{row['model']}-{row['magnitude']:g}")
def test_products_of_a_matrix_and_a_vector_err_as_those_of_crosssim(row):
    """The root mean square over columns has the relative error of a deviation, sqrt(sum of s^4 / 2) / sum of s^2."""
    device = Device("plain", "Plain", 1.0, row["g_off"], read_noise=row["magnitude"]) if row["read"] else alike(row)
    levels, volts = torch.tensor(row["levels"]), torch.tensor(row["volts"], dtype=torch.float64)
    of, generator = Levels(device, 2), torch.Generator().manual_seed(11)
    ideal = volts @ of.conductances(levels)
    if row["read"]:
        tile = object()
        read = device_read({tile: levels.double()}, noise_in_steps(device, 2), generator)
        sums = read(tile, (0, len(levels)), volts.expand(DRAWS, -1))
        currents = sums * of.step_us + device.g_off_us * volts.sum()
    else:
        currents = torch.einsum("i,nij->nj", volts, program(levels, of, generator, seeds=DRAWS))
    for ours, theirs in zip(currents.T, row["columns"], strict=True):
        check(ours.numpy(), theirs, GOLDEN["chips"])
    found = float((currents - ideal).square().mean().sqrt())
    variances = np.array([column["std"] ** 2 for column in row["columns"]])
    relative = math.sqrt((variances**2).sum() / 2) / variances.sum() * math.sqrt(1 / DRAWS + 1 / GOLDEN["chips"])
    assert abs(found / row["root_mean_square_error"] - 1) < SIGMAS * relative


@pytest.mark.parametrize("row", GOLDEN["converters"], ids=lambda row: f"{row['bits']} bits")
def test_codes_are_those_of_the_quantizer_of_crosssim(row):
    converter = Converter(row["bits"], row["most"] / (2 ** row["bits"] - 1))
    found = converter(torch.tensor(row["sums"], dtype=torch.float64))
    np.testing.assert_allclose(found.numpy(), row["codes"], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("row", GOLDEN["levels"], ids=lambda row: f"{row['bits']} bits")
def test_levels_are_those_of_crosssim(row):
    of = Levels(Device("plain", "Plain", g_on_us=1.0, g_off_us=row["g_off"]), row["bits"])
    nearest = of.in_steps(torch.tensor(row["wanted"], dtype=torch.float64)).round()
    np.testing.assert_allclose(of.conductances(nearest).numpy(), row["aimed"], rtol=1e-12)


def test_the_numbers_say_what_made_them():
    assert GOLDEN["draws"] >= 100 * DRAWS and GOLDEN["chips"] >= 10 * DRAWS
    assert len(GOLDEN["commits"]) == 9 and all(len(commit) == 40 for commit in GOLDEN["commits"].values())
