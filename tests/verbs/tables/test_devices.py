"""The table of a study of devices."""

from __future__ import annotations

from snnhw.analysis.crossbar.array import load_crossbar
from snnhw.analysis.crossbar.devices.device import load_device
from snnhw.studies.device_plan import DevicePlan
from snnhw.studies.device_result import DeviceCurves, Point
from snnhw.verbs.tables.devices import curves_tables


def test_a_row_is_a_value_and_assumptions_follow():
    plan = DevicePlan(load_crossbar("rram"), load_device("neurosim-rram"), spread=(0.05,))
    points = (Point("spread", 0.05, 10, (5, 7), (9, 9)),)
    found = DeviceCurves("net", "data:test", plan, points, 3, 99, 9, assumes=("It is dry.",))
    first, headline, *rest = curves_tables(found)
    assert first.row_count == 1 and headline.startswith("Spread: 0.05 of the range loses 30.0 points")
    assert "assumes: It is dry." in rest and any(line.startswith("device: g_on = 10 uS, ") for line in rest)
    cells = [str(next(iter(column.cells))) for column in first.columns]
    assert cells[:3] == ["spread of the conductances", "0.05 of the range", "60.00%"] and cells[5] == "30.00"
