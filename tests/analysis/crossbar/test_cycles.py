"""SpikeSim's released script, its arithmetic written out, and where reads priced one by one differ from it."""

import math

import numpy as np
import pytest
import torch

from snnhw.analysis.crossbar.array import load_crossbar
from snnhw.analysis.crossbar.coding import Coding
from snnhw.analysis.crossbar.costs import CYCLES, load_costs
from snnhw.analysis.crossbar.cycles import cycle_energy, cycles, dense_energy
from snnhw.analysis.crossbar.mapping import LayerMapping
from snnhw.analysis.crossbar.matrices import matrix_of
from snnhw.analysis.crossbar.pricing import Driven, price
from snnhw.analysis.crossbar.reading import windows_of
from snnhw.analysis.crossbar.reads import all_reads, reads_of
from snnhw.analysis.crossbar.slicing import Slicing
from snnhw.errors import InputError
from snnhw.graph.ir import Conv2d

COSTS = load_costs("spikesim65", CYCLES)
PICO = 1e-12
# ela_spikesim.py of the repository: VGG9 on CIFAR-10, 5 time steps
IN_CHANNELS = [3, 64, 64, 128, 128, 256, 256]
OUT_CHANNELS = [64, 64, 128, 128, 256, 256, 256]
OUT_SIZES = [32, 16, 16, 8, 8, 8, 4]


def script(in_channels, out_channels, out_size, kernel=3, xbar_size=64, time_steps=5):
    """compute_energy of ela_spikesim.py for one layer and device = "rram", in pJ, as it is written there."""
    xbar_ar, tile_buff, temp_buff, sub, adc = 1.76423, 397, 0.2, 1.15e-6, 2.03084
    htree, mux, mem_fetch, neuron = 19.64 * 8, 0.094245, 4.64, 1.274 * 4.0
    pe_ar = kernel * kernel * xbar_ar + (xbar_size / 8) * (adc + mux)
    cycle = htree + mem_fetch + neuron + xbar_size / 8 * pe_ar
    cycle += (xbar_size / 8) * 16 * sub + (xbar_size / 8) * temp_buff + tile_buff
    total = math.ceil(out_channels / xbar_size) * math.ceil(in_channels / xbar_size) * (out_size * out_size)
    return total * cycle * time_steps


def layer(in_channels, out_channels, size, groups=1):
    weight = np.zeros((out_channels, in_channels // groups, 3, 3))
    return Conv2d(name="c", shape=(out_channels, size, size), weight=weight, padding=(1, 1), groups=groups)


@pytest.mark.parametrize(("n_in", "n_out", "size"), list(zip(IN_CHANNELS, OUT_CHANNELS, OUT_SIZES, strict=True)))
def test_each_layer_of_the_script_costs_what_it_prints(n_in, n_out, size):
    found = dense_energy(layer(n_in, n_out, size), 5, COSTS)
    assert found.low == found.typical == found.high == pytest.approx(script(n_in, n_out, size) * PICO)


def test_one_cycle_by_hand():
    # 157.12 + 4.64 + 5.096 + 8 * (9 * 1.76423 + 8 * 2.125085) + 1.6 + 397 + 0.00014720 pJ
    total = sum(part.typical for part in cycle_energy((3, 3), COSTS).values())
    assert total == pytest.approx(828.4861472 * PICO, rel=1e-6)
    parts = {name: part.typical / total for name, part in cycle_energy((3, 3), COSTS).items()}
    assert parts["tile_buffer"] + parts["h_tree"] == pytest.approx(0.669, abs=0.001)  # two thirds move bits
    assert parts["crossbar_read"] == pytest.approx(0.153, abs=0.001)


def test_cycles_know_blocks_of_channels_and_no_groups():
    assert cycles(layer(64, 64, 4), 1) == 16 and cycles(layer(65, 64, 4), 3) == 2 * 16 * 3
    with pytest.raises(InputError, match="SpikeSim's cycles have no grouped convolutions, and 'c' is one"):
        cycles(layer(64, 64, 4, groups=2), 1)


def test_where_reads_priced_one_by_one_differ():
    """Of the second layer of the script, in weights of 4 bits on devices of 1 bit, as the paper has them."""
    node = layer(64, 64, 16)
    own = LayerMapping(matrix_of(node), Slicing("differential", 1, 3), Coding("unary", 1), load_crossbar("rram64"))
    vectors = 16 * 16 * 5
    reads = all_reads(own, vectors, own.coding)
    # a converter for the sum of 9 crossbars against one for each; a column for a weight against 3 bits and 2 signs
    assert reads.groups * own.columns == 9 * 6 * (64 * cycles(node, 5))
    found = price("layer", [Driven(own, own.coding, reads)], (), 1, load_costs("rram"), "all")
    assert found.per_inference.low > dense_energy(node, 5, COSTS).high


@pytest.mark.parametrize(("rate", "left"), [(0.1, 0.999), (0.02, 0.726), (0.002, 0.120)])
def test_groups_of_lines_are_seldom_silent(rate, left):
    """Of n lines that fire independently at a rate r, 1 - (1 - r)^n of the reads are left."""
    node = Conv2d(name="c", shape=(1, 40, 40), weight=np.zeros((1, 64, 1, 1)))
    own = LayerMapping(matrix_of(node), Slicing("differential", 1, 3), Coding("unary", 1), load_crossbar("rram64"))
    spikes = np.random.default_rng(0).random((8, 1, 64, 40, 40)) < rate
    reads = reads_of(own, windows_of(node, torch.as_tensor(spikes, dtype=torch.float32))[0], own.coding)
    assert left == pytest.approx(1 - (1 - rate) ** 64, abs=1e-3)
    assert reads.active_groups / reads.groups == pytest.approx(left, abs=0.02)
