"""Intervals over chips, and the sentence that sums up an axis."""

from __future__ import annotations

from dataclasses import replace

import pytest

from snnhw.analysis.crossbar.array import load_crossbar
from snnhw.analysis.crossbar.devices.device import load_device
from snnhw.studies.device_plan import DevicePlan
from snnhw.studies.device_result import DeviceCurves, Point, curves_frame

SAME = Point("adc_bits", 8, 10, (9, 9, 9), (9, 9, 9))
WORSE = Point("adc_bits", 3, 10, (4, 5, 6), (9, 10, 8))


def curves(*points):
    plan = DevicePlan(load_crossbar("rram"), load_device("neurosim-rram"), adc_bits=(8, 3))
    return DeviceCurves("net", "data:test", plan, points, tiles=3, devices=99, lossless_bits=9)


def test_accuracy_is_a_mean_over_chips_with_the_interval_of_student():
    assert WORSE.accuracies == (0.4, 0.5, 0.6)
    found = WORSE.accuracy
    half = 4.302652729911275 * 0.1 / 3**0.5  # t of 2 degrees of freedom
    assert (found.mean, found.high - found.mean) == (pytest.approx(0.5), pytest.approx(half))


def test_what_is_lost_is_counted_on_the_same_samples():
    lost = WORSE.lost
    half = 4.302652729911275 * 0.17320508075688773 / 3**0.5  # of 0.5, 0.5 and 0.2
    assert (lost.mean, lost.high - lost.mean) == (pytest.approx(0.4), pytest.approx(half))
    assert WORSE.ideal_accuracy == pytest.approx(0.9)


def test_chips_that_are_all_alike_still_have_an_interval():
    assert (SAME.lost.low, SAME.lost.mean, SAME.lost.high) == (-0.1, 0.0, 0.1)
    assert SAME.accuracy.high == 1.0  # 0.9 + 3 / 30, and never above 1


def test_the_headline_says_what_the_worst_value_loses_and_what_loses_nothing():
    sentence = curves(replace(WORSE, correct=(4, 5, 4), ideal=(9, 9, 9)), SAME).headline
    assert "Converters: 3 bits lose 46.7 points of accuracy" in sentence
    assert "down to 8 bits no loss is told apart from none" in sentence
    assert curves(Point("spread", 0.1, 10, (1, 1, 1), (9, 9, 9))).headline.endswith("every value loses some.")


def test_a_row_of_the_table_is_a_chip():
    frame = curves_frame(curves(WORSE, SAME))
    assert list(frame.columns[:4]) == ["axis", "value", "seed", "samples"] and len(frame) == 6
    assert frame.accuracy.tolist() == [0.4, 0.5, 0.6, 0.9, 0.9, 0.9]


def test_json_holds_every_chip():
    said = curves(WORSE).to_dict()
    assert said["points"][0]["unit"] == "bits" and said["plan"]["units"] == {"adc_bits": "bits"}
    assert said["points"][0]["chips"] == [0.4, 0.5, 0.6] and said["lossless_adc_bits"] == 9
