"""Programmed tiles: they give the matrix back, and the least converter is the least."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.analysis.crossbar.adc import Converter
from snnhw.analysis.crossbar.array import load_crossbar
from snnhw.analysis.crossbar.coding import Coding
from snnhw.analysis.crossbar.mapping import LayerMapping, magnitude_bits, map_crossbars, weight_step
from snnhw.analysis.crossbar.matrices import matrix_of
from snnhw.analysis.crossbar.reading import read_layer
from snnhw.analysis.crossbar.slicing import Slicing
from snnhw.analysis.crossbar.tiles import programmed, tiles_of
from snnhw.errors import InputError
from snnhw.graph.ir import Linear
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


def layer_of(weight, signs, device_bits, levels=1, **choices):
    """The tiles of a matrix that pulses of up to so many levels drive."""
    node = Linear(name="fc", shape=(len(weight),), weight=weight.astype(np.int32))
    crossbar, step = RRAM.having(signs=signs, device_bits=device_bits, **choices), weight_step(node)
    slicing = Slicing(crossbar.signs, device_bits, magnitude_bits(node, step))
    coding = Coding("pulse", levels=levels)
    return tiles_of(node, LayerMapping(matrix_of(node), slicing, coding, crossbar, step))


def loses(layer, inputs, bits):
    """Whether converters of so many bits give another sum for one of the inputs [N, I]."""
    found = read_layer(layer, torch.as_tensor(inputs[None], dtype=torch.float64), converter=Converter(bits))
    return not np.array_equal(found.numpy()[0], inputs @ layer.node.weight.T)


SIGNS = {"any": (-9, 10), "none negative": (0, 10), "few": (-1, 8), "small": (0, 2), "zero": (0, 1)}


@settings(max_examples=150)
@given(
    st.integers(0, 2**31),
    st.sampled_from(["differential", "offset"]),
    st.integers(1, 4),
    st.sampled_from([(1, 8), (2, 5), (3, 4)]),
    st.sampled_from(list(SIGNS)),
    st.sampled_from([None, 1, 3]),
)
def test_of_all_inputs_the_least_converter_loses_none_and_one_bit_fewer_some(
    seed, signs, device_bits, levels_and_lines, kind, rows_per_read
):
    levels, lines = levels_and_lines
    weight = np.random.default_rng(seed).integers(*SIGNS[kind], (3, lines))
    layer = layer_of(weight, signs, device_bits, levels, rows_per_read=rows_per_read, columns=20)
    every = np.stack(np.meshgrid(*[np.arange(levels + 1)] * lines), axis=-1).reshape(-1, lines)
    bits = layer.least_adc_bits
    assert not loses(layer, every, bits)
    assert bits == 1 or loses(layer, every, bits - 1)


def one_bit_too_few(layer, lines):
    """Inputs [N, I] of which the rule of `least_adc_bits` says that one loses, for binary pulses and one tile."""
    (tile,), largest = layer.tiles, 2 ** (layer.least_adc_bits - 1) - 1
    for column in tile.devices.T:
        order = np.argsort(-column)
        many = int(np.searchsorted(np.cumsum(column[order]), largest + 1)) + 1
        yield np.isin(np.arange(lines), order[:many]).astype(np.int64)
    for output in layer.node.weight:
        order = np.argsort(output)  # the most negative weight first
        yield np.isin(np.arange(lines), order[: largest + 1]).astype(np.int64)
    yield np.ones(lines, np.int64)


@given(st.integers(0, 2**31), st.integers(1, 4), st.integers(2, 100), st.sampled_from(list(SIGNS)))
def test_of_an_offset_column_an_input_is_constructed_on_which_one_bit_fewer_loses(seed, device_bits, lines, kind):
    low, high = SIGNS[kind]
    weight = np.random.default_rng(seed).integers(13 * low, 13 * (high - 1) + 1, (2, lines))
    layer = layer_of(weight, "offset", device_bits)
    bits = layer.least_adc_bits
    some = np.random.default_rng(seed).integers(0, 2, (40, lines))
    worst = np.stack([*one_bit_too_few(layer, lines)])
    assert not loses(layer, np.concatenate([some, worst]), bits)
    assert bits == 1 or loses(layer, worst, bits - 1)


def test_an_offset_column_that_clips_as_the_signs_do_needs_no_bits():
    """Three slices of one bit: the highest is 1 everywhere, as the offset column is, and 3 lines have the lowest."""
    layer = layer_of(np.array([[1, 1, 1, 0, 0, 0, 0, 2]]), "offset", 1)
    assert layer.mapping.lossless_bits == 4 and layer.least_adc_bits == 2
    assert layer_of(np.array([[1, 1, 1, 0, 0, 0, 0, -2]]), "offset", 1).least_adc_bits == 4


def test_sums_that_still_hold_the_offset_are_exact():
    """2^14 is added to each of 2,001 weights, of which one alone is large: more than single precision holds."""
    weight = np.ones((1, 2001), np.int64)
    weight[0, 0] = 2**14 - 1
    layer = layer_of(weight, "offset", 4, rows=2048, columns=8)
    x = torch.ones(1, 1, 2001)
    assert read_layer(layer, x).item() == 2**14 - 1 + 2000 and x.dtype == torch.float32


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
