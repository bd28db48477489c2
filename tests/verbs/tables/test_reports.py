"""Tables of reports print the numbers of the report."""

import pytest

from snnhw.analysis.digits import range_text
from snnhw.analysis.report.comparison import compare_reports
from snnhw.verbs.tables.reports import comparison_tables, report_tables, twin_tables
from snnhw.workflows.compare import Compared
from tests.analysis.report_sample import sample_report
from tests.verbs.tables.test_compiling import cells


@pytest.fixture(scope="module")
def report():
    return sample_report(complete=False)


def test_a_row_per_layer_with_its_counts(report):
    bill, *helps, bound, layers, _, twin = report_tables(report)
    actions = report.advice["loihi1-davies2018"]
    assert [row[1:] for row in cells(helps[0])] == [(a.text, a.worth, a.accuracy) for a in actions] and actions
    assert helps[1:] == [f"{n}: {a.command}" for n, a in enumerate(actions, start=1)]
    assert [row[0] for row in cells(bill)] == list(report.energy)  # the first thing on the terminal
    static = report.static["loihi1-davies2018"].values()
    shown = (report.energy["loihi1-davies2018"].per_inference, *(case.energy.per_inference for case in static))
    assert list(cells(bill)[0][1:4]) == [range_text(energy, "J") for energy in shown]
    assert list(cells(bill)[1][2:]) == ["", "", "no chip, so none draws power while it waits"]
    floor = report.floorline["loihi1-davies2018"]
    assert bound == f"loihi1-davies2018: at least {range_text(floor.sample, 's')} per inference; {floor.sentence}"
    assert twin == "ANN twin: one dense pass per inference, since every step shows the same frame."
    assert [row[0] for row in cells(layers)] == [layer.name for layer in report.counts.layers]
    synops = [int(row[4].replace(",", "")) for row in cells(layers)]
    assert synops == [layer.unit_synops for layer in report.counts.layers] and sum(synops) > 0


def test_every_profile_and_twin_has_a_break_even(report):
    _, _, points, bounds = twin_tables(report)  # without labels there is no table of accuracies
    assert len(cells(points)) == sum(len(twins) for twins in report.breakeven.values()) > 0
    assert [row[0] for row in cells(bounds)] == [bound.name for bound in report.bounds]


def test_one_model_or_a_row_per_model(report, tmp_path):
    one = comparison_tables(Compared({"a": report}, None, tmp_path / "a.html"))
    assert len(one) == 5 and one[-1] == f"report: {tmp_path / 'a.html'}"
    reports = {"a": report, "b": report}
    (both,) = comparison_tables(Compared(reports, compare_reports(reports), None))
    assert [row[0] for row in cells(both)] == ["a", "b"]
