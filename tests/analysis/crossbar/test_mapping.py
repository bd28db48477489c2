"""The mapping pass: sizes by hand, and that tiles hold what the mapping counts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.analysis.crossbar.array import load_crossbar
from snnhw.analysis.crossbar.coding import Coding
from snnhw.analysis.crossbar.mapping import LayerMapping, magnitude_bits, map_crossbars, spans, weight_step
from snnhw.analysis.crossbar.matrices import Matrix, synapses_of
from snnhw.analysis.crossbar.slicing import Slicing
from snnhw.analysis.crossbar.tiles import programmed
from snnhw.errors import InputError
from snnhw.graph.ir import Linear
from snnhw.quantisation.compile import compile_loihi
from tests.nets import residual_net, residual_nets

RRAM = load_crossbar("rram")


def test_a_layer_by_hand():
    # 144 inputs: blocks of 128 and 16 rows; 8 columns for each of 20 outputs: 16 of them fill 128 columns, 4 are left
    layer = LayerMapping(Matrix("c", 20, 144, 1, 49), Slicing("differential", 2, 7), Coding("unary", 3), RRAM)
    assert layer.row_spans == ((0, 128), (128, 144)) and layer.output_spans == ((0, 16), (16, 20))
    assert (layer.tiles, layer.columns, layer.devices) == (4, 160, 144 * 160)
    assert layer.utilisation == 144 * 160 / (4 * 128 * 128)
    assert layer.lossless_bits == 9  # 128 rows of devices up to 3: 384 < 512
    assert layer.to_dict()["reads_per_vector"] == 3


def test_an_offset_column_is_in_every_tile():
    layer = LayerMapping(
        Matrix("c", 64, 10, 2, 4), Slicing("offset", 2, 7), Coding("unary", 1), RRAM.having(signs="offset")
    )
    assert layer.output_spans == ((0, 31), (31, 62), (62, 64))  # 4 columns each and one more: 31 * 4 + 1 = 125
    assert (layer.tiles, layer.columns) == (6, 64 * 4 + 3)


def test_rows_read_in_groups_take_narrower_converters_and_more_reads():
    crossbar = RRAM.having(rows_per_read=32)
    layer = LayerMapping(Matrix("c", 4, 144, 1, 1), Slicing("differential", 2, 7), Coding("unary", 3), crossbar)
    assert layer.group_spans == ((0, 32), (32, 64), (64, 96), (96, 128), (128, 144))
    assert layer.lossless_bits == 7 and layer.to_dict()["reads_per_vector"] == 12


@pytest.mark.parametrize(("rows", "levels", "bits"), [(1, 1, 2), (5, 1, 4), (6, 1, 5), (128, 1, 9), (128, 4, 11)])
def test_the_least_bits_follow_from_rows_and_levels(rows, levels, bits):
    layer = LayerMapping(Matrix("c", 4, rows, 1, 1), Slicing("differential", 2, 7), Coding("pulse", levels), RRAM)
    assert layer.lossless_bits == bits and 2 ** (bits - 1) <= rows * 3 * levels < 2**bits


@given(
    residual_nets,
    st.sampled_from(["differential", "offset"]),
    st.integers(1, 4),
    st.sampled_from([7, 16, 64]),
    st.sampled_from([33, 64]),
)
def test_tiles_hold_what_the_mapping_counts(sample, signs, device_bits, rows, columns):
    graph = compile_loihi(sample.graph, sample.inputs).graph
    crossbar = RRAM.having(signs=signs, device_bits=device_bits, rows=rows, columns=columns)
    mapping = map_crossbars(graph, crossbar)
    tiles = programmed(mapping)
    assert [layer.name for layer in mapping.layers] == list(tiles)
    for layer in mapping.layers:
        built = tiles[layer.name].tiles
        assert len(built) == layer.tiles and sum(tile.devices.size for tile in built) == layer.devices
        assert all(tile.devices.shape[0] <= rows and tile.devices.shape[1] <= columns for tile in built)
        assert layer.lossless_bits >= tiles[layer.name].least_adc_bits
    assert mapping.tiles == sum(layer.tiles for layer in mapping.layers)
    assert 0 < mapping.utilisation <= 1


def test_floats_get_the_weights_of_the_crossbar():
    sample = residual_net(0)
    floats, integers = (
        map_crossbars(sample.graph, RRAM),
        map_crossbars(compile_loihi(sample.graph, sample.inputs).graph, RRAM),
    )
    assert [layer.matrix for layer in floats.layers] == [layer.matrix for layer in integers.layers]
    assert [layer.coding for layer in floats.layers[1:]] == [layer.coding for layer in integers.layers[1:]]
    assert {layer.slicing.magnitude_bits for layer in floats.layers} == {7}
    assert {layer.step for layer in integers.layers} == {2}


def test_weight_bits_of_the_crossbar_are_for_floats_and_integers_say_theirs():
    sample, narrow = residual_net(0), RRAM.having(weight_bits=3)
    floats = map_crossbars(sample.graph, narrow)
    assert floats.weight_bits == 3 and floats.assumes == narrow.assumes
    graph = compile_loihi(sample.graph, sample.inputs).graph
    integers = map_crossbars(graph, narrow)
    largest = max(int(np.abs(node.weight).max()) // weight_step(node) for node in synapses_of(graph))
    assert 2 ** (integers.weight_bits - 2) <= largest < 2 ** (integers.weight_bits - 1)
    assert (
        f"weights of {integers.weight_bits} bits" in integers.assumes[-1] and "weight_bits = 3" in integers.assumes[-1]
    )
    assert integers.to_dict()["assumes"] == list(integers.assumes)
    assert map_crossbars(graph, RRAM.having(weight_bits=integers.weight_bits)).assumes == RRAM.assumes


def test_an_output_that_fits_no_tile_is_refused():
    with pytest.raises(InputError, match=r"takes 14 columns and a tile of .* has 13; give"):
        map_crossbars(residual_net(0).graph, RRAM.having(columns=13, device_bits=1))


def test_weights_without_a_value_have_a_step_and_a_bit():
    node = Linear(name="l", shape=(2,), weight=np.zeros((2, 3), np.int32))
    assert weight_step(node) == 1 and magnitude_bits(node, 1) == 1
    node = Linear(name="l", shape=(2,), weight=np.array([[6, -18], [12, 0]], np.int32))
    assert weight_step(node) == 6 and magnitude_bits(node, 6) == 2


def test_pieces_of_a_length():
    assert spans(10, 4) == ((0, 4), (4, 8), (8, 10)) and spans(8, 4) == ((0, 4), (4, 8)) and spans(0, 4) == ()
