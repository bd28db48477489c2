"""Reads with noise: its variance is that of the devices that are driven, whichever way it is drawn."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from snnhw.analysis.crossbar.adc import Converter
from snnhw.analysis.crossbar.array import load_crossbar
from snnhw.analysis.crossbar.devices.chips import Conditions, draw_chip
from snnhw.analysis.crossbar.devices.device import Device
from snnhw.analysis.crossbar.devices.reads import converted_reads, device_read, noise_in_steps, noisy_reads
from snnhw.analysis.crossbar.mapping import map_crossbars
from snnhw.analysis.crossbar.reading import read_layer
from snnhw.analysis.crossbar.tiles import programmed
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import Execution
from tests.nets import product_graph, residual_net

DRAWS, SIGMAS = 10_000, 6  # one of the many outputs of a test is that far off once in a million tests
DEVICE = Device("plain", "Plain", g_on_us=40.0, g_off_us=1.0, read_noise=0.02)
SAMPLE = residual_net(2, levels=2, timesteps=2, widths=(2,), size=5)


def network(**changes):
    graph = compile_loihi(SAMPLE.graph, SAMPLE.inputs).graph
    mapping = map_crossbars(graph, load_crossbar("rram").having(rows=8, **changes))
    return mapping.graph, programmed(mapping)


def test_noise_is_a_share_of_the_highest_conductance_in_device_steps():
    assert noise_in_steps(DEVICE, 2) == pytest.approx(0.02 * 40 / 13)
    assert noise_in_steps(DEVICE, 1) == pytest.approx(0.02 * 40 / 39)


def test_a_column_has_the_noise_of_the_devices_that_are_driven():
    _, layers = network()
    tile = next(iter(layers.values())).tiles[0]
    chip = {tile: torch.as_tensor(tile.devices, dtype=torch.float64)}
    drive = torch.zeros(DRAWS, len(tile.devices), dtype=torch.float64)
    drive[:, :3] = torch.tensor([1.0, 2.0, 1.0])
    lines = (0, len(tile.devices))
    got = device_read(chip, 0.1, torch.Generator().manual_seed(0))(tile, lines, drive)
    mean, deviation = (drive[0] @ chip[tile]).numpy(), 0.1 * math.sqrt(1 + 4 + 1)
    assert np.abs(got.mean(dim=0).numpy() - mean).max() < SIGMAS * deviation / math.sqrt(DRAWS)
    assert np.abs(got.std(dim=0).numpy() - deviation).max() < SIGMAS * deviation / math.sqrt(2 * DRAWS)
    between = np.corrcoef(got.numpy().T) - np.eye(got.shape[1])  # columns are other devices
    assert np.abs(between).max() < SIGMAS / math.sqrt(DRAWS)


@pytest.mark.parametrize(
    ("drive", "signs"), [("channels", "differential"), ("pulse", "offset"), ("channels", "offset")]
)
def test_noise_added_once_has_the_distribution_of_noise_read_by_read(drive, signs):
    graph, layers = network(drive=drive, signs=signs)
    chip = draw_chip(layers, Conditions(DEVICE.spread_to(0.05), wires="none"), 1)
    at_once = noisy_reads(layers, chip, DEVICE, torch.Generator().manual_seed(1), 1)
    read = device_read(chip, noise_in_steps(DEVICE, 2), torch.Generator().manual_seed(2))
    rng, draws = np.random.default_rng(0), 2000
    for name, layer in layers.items():
        (edge, *_) = graph.into(name)
        levels = layer.mapping.coding.levels
        one = rng.integers(0, levels + 1, graph.nodes[edge.source].shape) if levels else rng.integers(-9, 9, (2, 5, 5))
        x = torch.as_tensor(one, dtype=torch.float32).expand(1, draws, *one.shape)
        fast = at_once(graph.nodes[name], x)[0].double().numpy()
        slow = read_layer(layer, x, read=read, converter=lambda sums: sums)[0].double().numpy()
        deviation = slow.std(axis=0)
        error = SIGMAS * (deviation + 1e-4) / math.sqrt(draws)
        assert (np.abs(fast.mean(axis=0) - slow.mean(axis=0)) < math.sqrt(2) * error + 1e-3).all(), name
        assert (np.abs(fast.std(axis=0) - deviation) < error + 1e-3).all(), name
        assert deviation.max() > 0
        some = [y.reshape(draws, -1)[:, :9].T for y in (fast, slow)]
        hardly = 1e-9 * rng.normal(size=some[0].shape)  # so that outputs without noise have a correlation, of 0
        together = [np.corrcoef(outputs + hardly) for outputs in some]
        assert np.abs(together[0] - together[1]).max() < math.sqrt(2) * SIGMAS / math.sqrt(draws), name


def test_reads_without_noise_and_limits_are_those_of_the_integers():
    graph, layers = network()
    chip = draw_chip(layers, Conditions(DEVICE.ideal()), 0)
    read = device_read(chip, 0.0, torch.Generator())
    lossless = {name: Converter(layer.mapping.lossless_bits) for name, layer in layers.items()}
    execution = Execution(synapses=converted_reads(layers, read, lossless, graph.timesteps))
    found = simulate(graph, SAMPLE.inputs, execution=execution)
    assert np.array_equal(found.logits, simulate(graph, SAMPLE.inputs).logits)


def test_a_static_input_is_read_anew_in_every_step():
    graph, layers = network()
    first = next(iter(layers))
    chip = draw_chip(layers, Conditions(DEVICE.ideal()), 0)
    compute = noisy_reads(layers, chip, DEVICE, torch.Generator().manual_seed(0), 3)
    y = compute(graph.nodes[first], torch.ones(1, 2, 2, 5, 5))
    assert len(y) == 3 and not torch.equal(y[0], y[1])


def test_without_noise_nothing_is_added():
    graph, layers = network()
    chip = draw_chip(layers, Conditions(DEVICE.ideal()), 0)
    quiet = noisy_reads(layers, chip, replace(DEVICE, read_noise=0.0), torch.Generator(), graph.timesteps)
    found = simulate(graph, SAMPLE.inputs, execution=Execution(synapses=quiet))
    assert np.array_equal(found.logits, simulate(graph, SAMPLE.inputs).logits)


def test_outputs_of_a_tile_share_the_noise_of_their_offset_column():
    """Two outputs of one tile: the offset column is worth 2^7, and the slices of each 1, 4, 16 and 64."""
    weight = np.array([[2 * 127, 2, -4], [2 * 5, 2 * 90, 0]], np.int32)
    mapping = map_crossbars(product_graph(weight), load_crossbar("rram").having(signs="offset"))
    layers = programmed(mapping)
    compute = noisy_reads(layers, draw_chip(layers, Conditions(DEVICE.ideal()), 0), DEVICE, torch.Generator(), 1)
    y = compute(layers["fc"].node, torch.ones(1, DRAWS, 3))[0].double().numpy()
    own, shared = 1 + 4**2 + 16**2 + 64**2, 2.0**14
    per_device = 2 * noise_in_steps(DEVICE, 2) * math.sqrt(3)  # weights in steps of 2, three lines of which each is 1
    assert np.abs(y.std(axis=0) / (per_device * math.sqrt(own + shared)) - 1).max() < SIGMAS / math.sqrt(2 * DRAWS)
    assert abs(np.corrcoef(y.T)[0, 1] - shared / (own + shared)) < SIGMAS / math.sqrt(DRAWS)
