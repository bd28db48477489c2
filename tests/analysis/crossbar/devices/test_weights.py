"""A chip as weights: of ideal devices the network itself, else what its tiles send when they are read."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.analysis.crossbar.array import load_crossbar
from snnhw.analysis.crossbar.devices.chips import Conditions, draw_chip
from snnhw.analysis.crossbar.devices.device import Device
from snnhw.analysis.crossbar.devices.reads import device_read
from snnhw.analysis.crossbar.devices.weights import held_network, weight_deviations
from snnhw.analysis.crossbar.mapping import map_crossbars
from snnhw.analysis.crossbar.reading import read_layer
from snnhw.analysis.crossbar.tiles import programmed
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.engine import simulate
from snnhw.simulation.synapses import apply_node
from tests.nets import residual_net, residual_nets

DEVICE = Device("plain", "Plain", g_on_us=40.0, g_off_us=1.0, wire_ohm=2.0)
crossbars = st.builds(
    lambda signs, bits, size: load_crossbar("rram").having(
        signs=signs, device_bits=bits, rows=size[0], columns=size[1]
    ),
    st.sampled_from(["differential", "offset"]),
    st.integers(1, 4),
    st.sampled_from([(9, 40), (64, 64)]),
)


@settings(max_examples=15)
@given(residual_nets, crossbars)
def test_a_chip_of_ideal_devices_is_the_network(sample, crossbar):
    mapping = map_crossbars(compile_loihi(sample.graph, sample.inputs).graph, crossbar)
    layers = programmed(mapping)
    held = held_network(mapping.graph, layers, draw_chip(layers, Conditions(DEVICE.ideal()), 0))
    for name in layers:
        assert np.array_equal(held.nodes[name].weight, mapping.graph.nodes[name].weight)
    assert np.array_equal(simulate(held, sample.inputs).logits, simulate(mapping.graph, sample.inputs).logits)


@settings(max_examples=10)
@given(residual_nets, crossbars, st.sampled_from([None, 4]))
def test_held_weights_send_what_the_tiles_send_when_they_are_read(sample, crossbar, rows_per_read):
    mapping = map_crossbars(
        compile_loihi(sample.graph, sample.inputs).graph, crossbar.having(rows_per_read=rows_per_read)
    )
    layers = programmed(mapping)
    chip = draw_chip(layers, Conditions(DEVICE.spread_to(0.1)), 5)
    held = held_network(mapping.graph, layers, chip)
    read = device_read(chip, 0.0, torch.Generator())
    rng = np.random.default_rng(0)
    for name, layer in layers.items():
        shape = (2, 3, *_arriving(mapping.graph, name))
        most = layer.mapping.coding.levels or 2
        x = torch.as_tensor(rng.integers(0, most + 1, shape), dtype=torch.float64)
        by_tiles = read_layer(layer, x, read=read, converter=lambda sums: sums)
        by_weights = apply_node(held.nodes[name], x)
        scale = float(by_tiles.abs().max()) + 1.0
        torch.testing.assert_close(by_weights, by_tiles, rtol=0, atol=1e-6 * scale)  # weights are float32


def _arriving(graph, name):
    (edge, *_) = graph.into(name)
    return graph.nodes[edge.source].shape


@pytest.mark.parametrize("signs", ["differential", "offset"])
def test_the_deviation_of_weights_is_that_of_chips(signs):
    sample = residual_net(1)
    mapping = map_crossbars(compile_loihi(sample.graph, sample.inputs).graph, load_crossbar("rram").having(signs=signs))
    layers, device = programmed(mapping), DEVICE.spread_to(0.01)
    said = weight_deviations(layers, device)
    wrong = {name: [] for name in layers}
    for seed in range(20):
        held = held_network(mapping.graph, layers, draw_chip(layers, Conditions(device, wires="none"), seed))
        for name in layers:
            wrong[name].append((held.nodes[name].weight - mapping.graph.nodes[name].weight).ravel())
    for name, parts in wrong.items():
        mapped = layers[name].mapping
        common = 0.03 * mapped.step * mapped.slicing.offset  # of the column that the outputs of a tile share
        assert np.concatenate(parts).std() == pytest.approx(np.hypot(said[name], common), rel=0.15), name


def test_devices_that_scatter_change_logits():
    sample = residual_net(1)
    mapping = map_crossbars(compile_loihi(sample.graph, sample.inputs).graph, load_crossbar("rram"))
    layers = programmed(mapping)
    held = held_network(mapping.graph, layers, draw_chip(layers, Conditions(DEVICE.spread_to(0.1)), 0))
    assert not np.array_equal(simulate(held, sample.inputs).logits, simulate(mapping.graph, sample.inputs).logits)
