"""The picture of the bench: one bar for each prediction, in the format that the file's name says."""

import pytest

from snnhw.analysis.hardware.profiles import load_profile
from snnhw.analysis.measured.bench import hold
from snnhw.analysis.measured.points import measured_points
from snnhw.analysis.report.measured_chart import measured_chart, save_chart
from snnhw.errors import InputError


@pytest.fixture(scope="module")
def rows():
    return hold([point for point in measured_points() if point.chip == "speck"], [load_profile("speck")])


def test_bars_are_predictions_over_measurements(rows):
    axes = measured_chart(rows).axes[0]
    bars = [line.get_xdata() for line in axes.lines if len(line.get_xdata()) == 2 and line.get_linewidth() == 9]
    expected = [(row.predicted.low / row.point.value, row.predicted.high / row.point.value) for row in rows]
    assert [tuple(bar) for bar in bars] == [pytest.approx(ends) for ends in expected]
    assert all(low <= 1 <= high for low, high in expected)


@pytest.mark.parametrize(("name", "begins"), [("a.svg", b"<?xml"), ("a.png", b"\x89PNG"), ("a.pdf", b"%PDF")])
def test_the_name_says_the_format(rows, tmp_path, name, begins):
    first, second = (save_chart(measured_chart(rows), tmp_path / name).read_bytes() for _ in range(2))
    assert first.startswith(begins) and first == second


def test_other_formats_and_empty_pictures_are_refused(rows, tmp_path):
    with pytest.raises(InputError, match="'gif' is unknown"):
        save_chart(measured_chart(rows), tmp_path / "a.gif")
    with pytest.raises(InputError, match="nothing to draw"):
        measured_chart([])
