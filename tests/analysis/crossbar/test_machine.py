"""Time and area of two layers by hand."""

import dataclasses

import pytest

from snnhw.analysis.crossbar.array import load_crossbar
from snnhw.analysis.crossbar.coding import Coding
from snnhw.analysis.crossbar.costs import load_costs
from snnhw.analysis.crossbar.machine import cycle, layer_seconds, machine_of
from snnhw.analysis.crossbar.mapping import LayerMapping, map_crossbars
from snnhw.analysis.crossbar.matrices import Matrix
from snnhw.analysis.crossbar.slicing import Slicing
from snnhw.errors import InputError
from snnhw.quantisation.compile import compile_loihi
from tests.analysis.crossbar.nets import two_layers
from tests.exporters.lava.test_recurrent import network
from tests.nets import residual_net

COSTS = load_costs("rram")
NANO, UM2 = 1e-9, 1e-12


def test_two_layers_by_hand():
    found = machine_of(two_layers(), COSTS)
    one_read = 100 * NANO  # of the array: 4 columns in use behind a converter of 1.2 GS/s take less
    assert {name: t.typical for name, t in found.seconds.items()} == pytest.approx(
        {"fc": 8 * one_read, "out": one_read}, rel=1e-6
    )
    assert found.one_by_one.typical == pytest.approx(9 * one_read, rel=1e-6)
    assert found.pipelined.typical == pytest.approx(8 * one_read, rel=1e-6)
    areas = {part: area.typical / UM2 for part, area in found.areas.items()}
    assert areas == pytest.approx(
        {
            "devices": 2 * 128 * 128 * 0.001526,
            "converters": 1200 * 4 / 8 + 1200 * 3 / 8,
            "drivers": 2 * 128 * 0.166,
            "shift_add": 2 * 60,
            "buffers": (3 * 8 + 2 * 1) * 0.1583,
            "neurons": 2 * 16.26,
        }
    )
    assert found.area.typical == pytest.approx(sum(areas.values()) * UM2)


@pytest.mark.parametrize(
    ("outputs", "shared", "conversions"),
    [(20, 256, 160), (40, 256, 256), (20, 128, 128), (3, 256, 0)],  # 8 columns for each output
)
def test_columns_that_are_not_in_use_take_no_time(outputs, shared, conversions):
    """As they take no energy: prices count `LayerMapping.columns`."""
    crossbar = load_crossbar("rram").having(columns=256, columns_per_adc=shared)
    layer = LayerMapping(Matrix("c", outputs, 9, 1, 7), Slicing("differential", 2, 7), Coding("unary", 1), crossbar)
    one_read = max(100, conversions / 1.2) * NANO
    assert layer_seconds(layer, layer.coding, lambda name: 2, COSTS).typical == pytest.approx(14 * one_read, rel=1e-6)


def test_shared_converters_and_long_pulses_take_their_time():
    assert cycle(8, 1, COSTS).typical == pytest.approx(100 * NANO)
    assert cycle(8, 3, COSTS).typical == pytest.approx(300 * NANO)
    assert cycle(256, 1, COSTS).typical == pytest.approx(256 / 1.2 * NANO, rel=1e-6)


def test_groups_of_rows_are_read_one_after_the_other():
    sample = residual_net(0)
    graph = compile_loihi(sample.graph, sample.inputs).graph
    whole, groups = (
        machine_of(map_crossbars(graph, load_crossbar("rram").having(rows_per_read=n)), COSTS) for n in (None, 9)
    )
    for name, rows in (("stem_conv", 18), ("s0b0_1_conv", 36), ("s1b0_sc_conv", 4)):
        assert groups.seconds[name].typical == pytest.approx(-(-rows // 9) * whole.seconds[name].typical)


def test_spikes_that_wait_take_room_and_so_do_currents_that_last():
    def areas(*asked, steps=1):
        graph, x = network(*asked, steps=steps, image=False)
        return machine_of(map_crossbars(compile_loihi(graph, x).graph, load_crossbar("rram")), COSTS).areas

    one, three, lasting = areas("MLF", "synapse"), areas("MLF", "synapse", steps=3), areas("current-based", "synapse")
    waiting = three["buffers"].typical - one["buffers"].typical
    assert waiting == pytest.approx(2 * 8 * 2 * 0.1583 * UM2)  # two steps more of 8 units, whose 0..2 take two bits
    assert lasting["neurons"].typical == pytest.approx(2 * 16 * 16.26 * UM2)  # two populations of 8, two numbers each


def test_a_profile_without_times_is_refused():
    without = {name: c for name, c in COSTS.constants.items() if name != "read_time"}
    with pytest.raises(InputError, match="'rram' has no 'read_time'; add"):
        machine_of(two_layers(), dataclasses.replace(COSTS, constants=without))
