"""What a study of devices may vary."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from snnhw.analysis.crossbar.array import load_crossbar
from snnhw.analysis.crossbar.devices.device import load_device
from snnhw.errors import InputError
from snnhw.studies.device_plan import DevicePlan


def plan(**changes):
    return DevicePlan(load_crossbar("rram"), load_device("neurosim-rram"), **changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "Nothing is varied"),
        ({"spread": (0.0,), "seeds": 1}, "at least 2 seeds"),
        ({"spread": (0.0,), "samples": 0}, "at least 1 for each"),
        ({"spread": (-0.1,)}, "-0.1 is no spread"),
        ({"wire_ohm": (math.nan,)}, "nan is no resistance"),
        ({"device_bits": (0,)}, "0 is no number of bits per device"),
        ({"adc_bits": (17,)}, "give 1 to 16"),
        ({"spread": (0.1, 0.1)}, "stands twice"),
        ({"wire_ohm": (0.0, 20.0), "wires": "none"}, "give --wires estimate or exact"),
    ],
)
def test_values_that_no_chip_has_are_refused(changes, said):
    with pytest.raises(InputError, match=said):
        plan(**changes)


def test_values_have_units():
    known = {"spread": "of the range", "device_bits": "bits", "adc_bits": "bits", "wire_ohm": "ohm"}
    given = plan(spread=(0.1,))
    assert {axis: given.unit(axis) for axis in known} == known
    assert given.label("spread") == "spread of the conductances, share of the range"
    assert plan(spread=(0.1,), proportional=True).unit("spread") == "of the conductance"
    assert given.label("wire_ohm").endswith("two devices, ohm") and given.label("adc_bits") == "bits of a converter"


def test_no_two_chips_share_samples():
    assert plan(spread=(0.0,), seeds=4, samples=30).needed == 120
    assert plan(adc_bits=(4,), seeds=4, samples=30, adc_samples=5).needed == 20


def test_samples_are_enough_for_the_axis_that_takes_most():
    assert plan(spread=(0.0,), adc_bits=(4,), seeds=4, samples=5, adc_samples=30).needed == 120


def test_converters_of_the_file_are_read_tile_by_tile_on_every_axis():
    fixed = replace(plan(spread=(0.0,), seeds=4, adc_samples=5), crossbar=load_crossbar("rram").having(adc_bits=4))
    assert (fixed.samples_of("spread"), fixed.needed) == (5, 20)
    assert fixed.to_dict()["adc_bits"] == 4 and plan(spread=(0.0,)).to_dict()["adc_bits"] is None


def test_what_the_only_axis_varies_is_not_said_by_the_file():
    def origins(**changes):
        found = replace(plan(**changes), device=load_device("hfox-wan2022")).described
        return {key: origin.text for key, origin in found.origins.items()}

    file = {key: origin.text for key, origin in load_device("hfox-wan2022").origins.items()}
    both = {"spread": (0.0,), "wire_ohm": (0.0,)}
    assert origins(device_bits=(2,)) == file == origins(**both)
    assert origins(wire_ohm=(0.0,))["wire"] == "in no point: --wire-ohm gives the values"
    assert origins(spread=(0.0,))["spread at 1 s"] == "in no point: --spread gives the values"
    assert origins(spread=(0.0,))["wire"] == file["wire"] and origins(wire_ohm=(0.0,))["g_on"] == file["g_on"]


def test_the_plan_says_what_is_varied_and_on_which_chip():
    said = plan(spread=(0.0, 0.1), adc_bits=(4,)).to_dict()
    assert said["values"] == {"spread": [0.0, 0.1], "adc_bits": [4]}
    assert plan(spread=(0.0,), wires="none").to_dict()["device"]["wire_ohm"] == 0
    assert said["crossbar"] == "rram" and said["device"]["name"] == "neurosim-rram"
