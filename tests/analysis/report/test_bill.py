"""Energy without and with static power side by side, or the reason why one of them is not there."""

import dataclasses

import pytest

from snnhw.analysis.hardware.profiles import load_profile
from snnhw.analysis.ranges import Range
from snnhw.analysis.report.bill import PACES, bills
from snnhw.analysis.report.sections import placements, static_cases
from tests.analysis.report_sample import sample_report

NAMES = ("loihi1-davies2018", "loihi1-sanafe", "loihi2", "speck", "darwin3", "horowitz45-fp32")


@pytest.fixture(scope="module")
def report():
    return sample_report(complete=False, profiles=NAMES)


@pytest.fixture(scope="module")
def found(report):
    return {bill.profile: bill for bill in bills(report.energy, report.static, report.floorline)}


def test_with_is_without_plus_power_times_time(report, found):
    bill, profile = found["loihi1-davies2018"], load_profile("loihi1-davies2018")
    assert list(bill.with_static) == list(PACES) == ["batch1", "realtime"]
    assert bill.without == report.energy["loihi1-davies2018"].per_inference
    for pace, energy in bill.with_static.items():
        waiting = profile["static_chip"].typical * bill.seconds[pace].typical
        assert energy.typical == pytest.approx(bill.without.typical + waiting)
    assert bill.edp.typical == pytest.approx(bill.with_static["batch1"].typical * bill.seconds["batch1"].typical)
    assert bill.paces == {"batch1": "at the chip's own pace", "realtime": "in fixed steps of 1.0\u202fms"}
    assert bill.late == ()
    assert bill.sentence.startswith("On Loihi 1 (energies of Davies et al. 2018) one inference costs ")
    assert "for the work of the cores in use; with what the chip draws while it waits, " in bill.sentence
    assert bill.covers_static == "the work of the cores in use and what the whole chip draws while it waits"


def test_a_fixed_step_that_the_busiest_core_cannot_keep_is_not_printed_as_if_it_could(report):
    """The core takes 2 to 6 ms a step: never 1 ms, so both paces cost the same, and the row says why."""
    name, slow = "loihi1-davies2018", Range(2e-3, 4e-3, 6e-3)
    floors = {name: dataclasses.replace(report.floorline[name], serial=slow)}
    mapping = placements(report.graph, [load_profile(name)], report.mapping)
    static = static_cases(report.graph, report.counts, [load_profile(name)], mapping, floors)
    (bill,) = bills({name: report.energy[name]}, static, floors)
    assert bill.with_static["realtime"] == bill.with_static["batch1"] and bill.late == ("realtime",)
    assert "1.0\u202fms, which the chip cannot keep: the busiest core takes 2.0\u20136.0" in bill.sentence


def test_static_power_that_is_inside_is_not_taken_apart(found):
    bill = found["speck"]
    assert bill.without is None and list(bill.with_static) == [""] and bill.sentence == ""
    assert bill.note == "what it draws while it waits is inside"
    assert list(bill.to_dict()["with_static"]) == ["always"] and bill.to_dict()["without_static"] is None


def test_what_is_not_known_is_said(found):
    assert found["horowitz45-fp32"].note == "no chip, so none draws power while it waits"
    for name in ("darwin3", "loihi1-sanafe"):
        assert found[name].note == "what the chip draws while it waits is not in the profile"
        assert found[name].without is not None and not found[name].with_static
    assert list(found["loihi2"].with_static) == ["realtime"]
    assert found["darwin3"].edp is None
    assert found["loihi1-sanafe"].edp is not None  # of its work alone, at the pace of its busiest core


def test_a_chip_that_cannot_hold_the_network_leaves_a_reason():
    (bill,) = (
        bills(r.energy, r.static, r.floorline)[0]
        for r in [sample_report(complete=False, profiles=("loihi1-davies2018",), chips=())]
    )
    assert bill.note == "how many chips for how long is not known" and bill.sentence == ""


def test_json_says_what_the_rows_say(report, found):
    headline = report.to_dict()["headline"]
    assert list(headline) == list(NAMES)
    assert headline == {name: bill.to_dict() for name, bill in found.items()}
    edp = headline["loihi1-davies2018"]["energy_delay_joule_seconds"]
    assert edp["low"] < edp["typical"] < edp["high"]
