"""A read, line by line and column by column in plain Python, against the tensors."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from snnhw.analysis.crossbar.adc import Converter
from snnhw.analysis.crossbar.reading import ideal_read, read_layer
from tests.analysis.crossbar.test_tiles import random_layer


def by_hand(layer, spikes, bits):
    """Outputs of one binary vector, by loops over tiles, groups of lines, columns and devices."""
    outputs = [0] * layer.mapping.matrix.outputs
    for tile in layer.tiles:
        slicing = tile.slicing
        for a, b in layer.row_groups(tile):
            codes = []
            for column in range(tile.devices.shape[1]):
                current = sum(int(tile.devices[row, column]) for row in range(a, b) if spikes[tile.rows[0] + row])
                codes.append(min(current, 2**bits - 1))
            for output in range(*tile.outputs):
                first = (output - tile.outputs[0]) * slicing.columns_per_output
                outputs[output] += sum(codes[first + k] * factor for k, factor in enumerate(slicing.factors))
                if slicing.signs == "offset":
                    outputs[output] -= 2**slicing.magnitude_bits * codes[-1]
    return [layer.mapping.step * output for output in outputs]


@given(
    st.integers(0, 2**31),
    st.sampled_from(["differential", "offset"]),
    st.integers(1, 3),
    st.integers(1, 6),
    st.sampled_from([None, 1, 3]),
)
def test_reads_with_converters_of_any_width_are_those_of_the_loops(seed, signs, device_bits, bits, rows_per_read):
    _, layer = random_layer(seed, signs, device_bits=device_bits, rows=5, columns=48, rows_per_read=rows_per_read)
    spikes = np.random.default_rng(seed).integers(0, 2, (4, 9))
    x = torch.as_tensor(spikes[None], dtype=torch.float64)
    read = read_layer(layer, x, converter=Converter(bits))[0].tolist()
    assert read == [by_hand(layer, row, bits) for row in spikes.tolist()]


def test_the_analogue_part_can_be_another():
    _, layer = random_layer(3)
    x = torch.ones(1, 2, 9, dtype=torch.float64)
    seen = []

    def doubled(tile, lines, drive):
        seen.append((tile.rows, lines, tuple(drive.shape)))
        return 2 * ideal_read(tile, lines, drive)

    wide = Converter(20)
    assert torch.equal(read_layer(layer, x, read=doubled, converter=wide), 2 * read_layer(layer, x, converter=wide))
    assert seen == [((0, 9), (0, 9), (2, 9))] * layer.mapping.coding.reads
