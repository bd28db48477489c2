"""The page of a study of devices, and the same numbers beside it."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import pytest

from snnhw.analysis.crossbar.array import load_crossbar
from snnhw.analysis.crossbar.devices.device import load_device
from snnhw.errors import InputError
from snnhw.studies.device_plan import DevicePlan
from snnhw.studies.device_result import DeviceCurves, Point
from snnhw.studies.device_writing import write_curves

PLAN = DevicePlan(load_crossbar("rram"), load_device("hfox-wan2022"), spread=(0.0, 0.1), adc_bits=(3,))
FOUND = DeviceCurves(
    "net<b>",
    "data:test",
    PLAN,
    (
        Point("spread", 0.0, 10, (9, 8), (9, 8)),
        Point("spread", 0.1, 10, (5, 3), (9, 8)),
        Point("adc_bits", 3, 4, (3, 2), (4, 4)),
    ),
    tiles=3,
    devices=99,
    lossless_bits=9,
    assumes=("Something is assumed.",),
)


def test_page_json_and_table_hold_the_points(tmp_path):
    page = write_curves(FOUND, tmp_path / "out").read_text()
    assert page.count("<svg") == 4 and "net&lt;b&gt;" in page and "net<b>" not in page
    for text in (
        "Something is assumed.",
        "bits lose nothing",
        "Wan et al",
        "<title>0.1: 40.0",
        "g_on = 40 uS",
        "wire = 0.365 ohm from device to device",
        "share of the range",
        "3 bits</td>",
        "spread at 1 s = 0.348, 16.03, -43.853, 45.393, -16.815 uS",
    ):
        assert text in page, text
    said = json.loads((tmp_path / "out" / "devices.json").read_text())
    assert [point["value"] for point in said["points"]] == [0.0, 0.1, 3]
    with (tmp_path / "out" / "devices.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 6


def test_the_page_says_the_bits_of_converters_that_the_file_gives(tmp_path):
    fixed = replace(FOUND, plan=replace(PLAN, crossbar=PLAN.crossbar.having(adc_bits=6)))
    assert "converters of 6 bits" in write_curves(fixed, tmp_path).read_text()
    assert "converters of" not in write_curves(FOUND, tmp_path, force=True).read_text()


def test_it_replaces_itself_and_nothing_else(tmp_path):
    write_curves(FOUND, tmp_path)
    write_curves(FOUND, tmp_path)
    (tmp_path / "devices.csv").write_text("mine\n")
    with pytest.raises(InputError, match="--force"):
        write_curves(FOUND, tmp_path)
    write_curves(FOUND, tmp_path, force=True)
