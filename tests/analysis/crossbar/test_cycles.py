"""SpikeSim's released script, its arithmetic written out, and where reads priced one by one differ from it."""

import math

import numpy as np
import pytest

from snnhw.analysis.crossbar.costs import CYCLES, load_costs
from snnhw.analysis.crossbar.cycles import cycle_energy, cycles, dense_energy
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
