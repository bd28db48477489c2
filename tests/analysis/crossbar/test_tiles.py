"""Programmed tiles: they give the matrix back, and the least converter is the least."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from snnhw.analysis.crossbar.adc import Converter
from snnhw.analysis.crossbar.array import load_crossbar
from snnhw.analysis.crossbar.mapping import map_crossbars
from snnhw.analysis.crossbar.reading import read_layer
from snnhw.analysis.crossbar.tiles import programmed, tiles_of
from snnhw.errors import InputError
from tests.nets import product_graph, residual_net

RRAM = load_crossbar("rram")


def random_layer(seed, signs="differential", **choices):
    """The second matrix of a small integer net, which spikes of one level drive."""
    rng = np.random.default_rng(seed)
    graph = product_graph(2 * rng.integers(-60, 61, (9, 4)).astype(np.int32))
    weight = 2 * rng.integers(-127, 128, (3, 9)).astype(np.int32)
    nodes = {**graph.nodes, "out": type(graph.nodes["out"])(name="out", shape=(3,), weight=weight)}
    nodes["readout"] = type(graph.nodes["readout"])(name="readout", shape=(3,), reduction="sum")
    mapping = map_crossbars(graph.replace(nodes=nodes), RRAM.having(signs=signs, **choices))
    return weight, programmed(mapping)["out"]


@given(
    st.integers(0, 2**31),
    st.sampled_from(["differential", "offset"]),
    st.integers(1, 4),
    st.sampled_from([3, 4, 128]),
    st.sampled_from([17, 40]),
)
def test_columns_recombine_to_the_matrix(seed, signs, device_bits, rows, columns):
    weight, layer = random_layer(seed, signs, device_bits=device_bits, rows=rows, columns=columns)
    x = np.random.default_rng(seed).integers(0, 2, (5, 9))
    total = np.zeros((5, 3))
    for tile in layer.tiles:
        (a, b), (c, d) = tile.rows, tile.outputs
        codes = torch.as_tensor(x[:, a:b] @ tile.devices, dtype=torch.float64)
        total[:, c:d] += tile.recombined(codes).numpy()
    assert np.array_equal(layer.mapping.step * total, x @ weight.T)


@given(st.integers(0, 2**31), st.integers(1, 4), st.sampled_from([None, 2, 4]))
def test_the_least_converter_loses_nothing_and_one_bit_fewer_does(seed, device_bits, rows_per_read):
    weight, layer = random_layer(seed, device_bits=device_bits, rows_per_read=rows_per_read)
    bits = layer.least_adc_bits
    lines = torch.as_tensor(np.random.default_rng(seed).integers(0, 2, (1, 40, 9)), dtype=torch.float64)
    lines = torch.cat([lines, torch.ones(1, 1, 9, dtype=torch.float64)], dim=1)
    assert np.array_equal(read_layer(layer, lines, converter=Converter(bits)).numpy()[0], lines[0].numpy() @ weight.T)
    # the column of the largest sum, its own lines driven: all other columns of its output but those of its sign are 0
    sums = {
        (tile, a, b, column): int(tile.devices[a:b, column].sum())
        for tile in layer.tiles
        for a, b in layer.row_groups(tile)
        for column in range(tile.devices.shape[1])
    }
    (tile, a, b, column), largest = max(sums.items(), key=lambda item: item[1])
    assert largest == layer.largest_sum and (bits == 1 or largest >= 2 ** (bits - 1))
    one = torch.zeros(1, 1, 9, dtype=torch.float64)
    one[0, 0, tile.rows[0] + a : tile.rows[0] + b] = torch.as_tensor(tile.devices[a:b, column] > 0).double()
    exact = one[0].numpy() @ weight.T
    assert np.array_equal(read_layer(layer, one, converter=Converter(bits)).numpy()[0], exact)
    if bits > 1:
        assert not np.array_equal(read_layer(layer, one, converter=Converter(bits - 1)).numpy()[0], exact)


@pytest.mark.parametrize("signs", ["differential", "offset"])
@pytest.mark.parametrize("device_bits", [1, 2, 4])
def test_weights_as_large_as_they_can_be_need_every_bit_of_the_mapping(signs, device_bits):
    graph = product_graph(np.array([[2, 2]] * 16, np.int32))
    full = np.full((1, 16), 2 * (2**8 - 1), np.int64)  # all devices at their highest level
    full[0, 0] -= 2  # so that the step is 2 and no larger
    nodes = {**graph.nodes, "out": type(graph.nodes["out"])(name="out", shape=(1,), weight=full)}
    mapping = map_crossbars(graph.replace(nodes=nodes), RRAM.having(signs=signs, device_bits=device_bits))
    layer = programmed(mapping)["out"]
    assert layer.mapping.step == 2 and layer.least_adc_bits == layer.mapping.lossless_bits


def test_floats_are_not_programmed():
    sample = residual_net(0)
    mapping = map_crossbars(sample.graph, RRAM)
    with pytest.raises(InputError, match="The weights of 'stem_conv' are no integers; quantise the network"):
        tiles_of(mapping.graph.nodes["stem_conv"], mapping.layers[0])
