"""Chips: ideal devices are the levels of the tiles, wires are folded in, a seed is a chip."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from snnhw.analysis.crossbar.array import load_crossbar
from snnhw.analysis.crossbar.devices.chips import Conditions, draw_chip
from snnhw.analysis.crossbar.devices.device import Device
from snnhw.analysis.crossbar.devices.wires import effective_conductances
from snnhw.analysis.crossbar.mapping import map_crossbars
from snnhw.analysis.crossbar.tiles import programmed
from snnhw.errors import InputError
from snnhw.quantisation.compile import compile_loihi
from tests.nets import residual_net

DEVICE = Device("plain", "Plain", g_on_us=40.0, g_off_us=1.0, wire_ohm=2.0)


@pytest.fixture(scope="module")
def layers():
    sample = residual_net(3)
    graph = compile_loihi(sample.graph, sample.inputs).graph
    return programmed(map_crossbars(graph, load_crossbar("rram").having(rows=16, columns=32)))


def tiles(layers):
    return [tile for layer in layers.values() for tile in layer.tiles]


@pytest.mark.parametrize("wires", ["exact", "estimate", "none"])
def test_a_chip_of_ideal_devices_holds_the_levels(layers, wires):
    chip = draw_chip(layers, Conditions(DEVICE.ideal(), wires=wires), 0)
    assert set(chip) == set(tiles(layers))
    for tile, devices in chip.items():
        np.testing.assert_allclose(devices.numpy(), tile.devices, rtol=0, atol=1e-9)


def test_wires_are_those_of_the_part_of_a_tile_that_is_in_use(layers):
    chip = draw_chip(layers, Conditions(DEVICE), 0)
    for tile, devices in chip.items():
        step = 39.0 / 3
        conductances = torch.as_tensor(1.0 + step * tile.devices) * 1e-6
        expected = (effective_conductances(conductances, 2.0, 2.0) * 1e6 - 1.0) / step
        torch.testing.assert_close(devices, expected, rtol=1e-9, atol=1e-12)


def test_the_estimate_of_wires_is_near_the_exact_solution(layers):
    exact, near = (draw_chip(layers, Conditions(DEVICE, wires=wires), 0) for wires in ("exact", "estimate"))
    for tile, devices in exact.items():
        lost = float((devices - torch.as_tensor(tile.devices)).abs().max())
        assert 0 < float((devices - near[tile]).abs().max()) < 0.05 * lost


def test_a_seed_is_a_chip(layers):
    conditions = Conditions(DEVICE.spread_to(0.1), wires="none")
    one, again, other = (draw_chip(layers, conditions, seed) for seed in (1, 1, 2))
    assert all(torch.equal(one[tile], again[tile]) for tile in one)
    assert not any(torch.equal(one[tile], other[tile]) for tile in one)


def test_spread_is_that_of_the_device_in_its_steps(layers):
    chip = draw_chip(layers, Conditions(DEVICE.spread_to(0.01), wires="none"), 1)
    wrong = torch.cat([(devices - torch.as_tensor(tile.devices)).flatten() for tile, devices in chip.items()])
    assert float(wrong.std()) == pytest.approx(0.01 * 3, rel=5 / np.sqrt(2 * len(wrong)))


def test_what_is_stuck_is_at_the_lowest_or_the_highest_level(layers):
    chip = draw_chip(layers, Conditions(replace(DEVICE, stuck_on=0.5, stuck_off=0.5), wires="none"), 0)
    assert {round(value, 9) for devices in chip.values() for value in devices.flatten().tolist()} == {0.0, 3.0}


def test_a_way_to_solve_wires_that_there_is_not_is_refused():
    with pytest.raises(InputError, match="exact, estimate, none"):
        Conditions(DEVICE, wires="guess")
