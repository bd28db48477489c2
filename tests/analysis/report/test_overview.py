"""The overview takes its numbers from the report: cells, totals, answers, text and what it says of assumptions."""

from __future__ import annotations

import dataclasses

import pytest

from snnhw.analysis.digits import range_text
from snnhw.analysis.report.overview import COLUMNS, Overview
from snnhw.graph.finding import Finding
from tests.analysis.report_sample import sample_report


@pytest.fixture(scope="module")
def report():
    return sample_report(complete=False, profiles=("loihi1-davies2018", "horowitz45-fp32", "speck"))


def test_rows_add_up_to_the_totals_of_the_counts(report):
    found, counts = Overview(report), report.counts
    for key, total in (("spikes", "spikes"), ("synops", "unit_synops"), ("macs", "macs"), ("params", "params")):
        times = 1 if key == "params" else counts.samples
        assert sum(getattr(row, key) for row in found.rows) * times == pytest.approx(counts.total(total))
    energies = [row.energy.typical for row in found.rows if row.energy is not None]
    assert sum(energies) == pytest.approx(report.energy["loihi1-davies2018"].per_inference.typical)
    assert all(len(row.cells) == len(COLUMNS) for row in found.rows) and len(found.totals) == len(COLUMNS)


def test_what_the_chip_spends_as_a_whole_is_a_row_of_its_own():
    found = Overview(sample_report(complete=False, profiles=("speck",)))
    assert found.rows[-1].name == "chip" and found.rows[-1].cells[1:-1] == ("",) * 6
    assert found.rows[-1].energy == found.report.energy["speck"].layers["chip"]


def test_one_line_a_profile_says_how_much_of_what_and_by_whom(report):
    first, second, third = Overview(report).answers
    joules = range_text(report.energy["loihi1-davies2018"].per_inference, "J")
    assert first.startswith(f"{joules} per inference, Loihi 1, energies of Davies et al. 2018, the work of the cores")
    assert "while it waits" in first and second.endswith("the arithmetic alone")
    assert third.endswith("everything that the chip draws")
    assert not any("assumed" in line for line in (first, second, third))


def test_what_was_assumed_stands_in_every_answer_and_below_the_table(report):
    told = (
        Finding("dt-assumed", "warning", "", "the file does not say dt; 0.1 ms are taken", "give --dt"),
        Finding("reset-undefined", "warning", "a", "the reset is not said", "give --reset"),
    )
    found = Overview(dataclasses.replace(report, findings=told))
    assert all(line.endswith("; assumed time step (--dt) and reset (--reset)") for line in found.answers)
    assert "assumed reset: a: the reset is not said; give --reset" in found.text
    assert found.assumed == ("time step (--dt)", "reset (--reset)")


def test_the_text_keeps_to_eighty_columns_whatever_layers_are_called(report):
    long = dataclasses.replace(report.counts.layers[0], name="encoder.stages.0.blocks.11.attention.projection.lif")
    counts = dataclasses.replace(report.counts, layers=(long, *report.counts.layers[1:]))
    text = Overview(dataclasses.replace(report, counts=counts)).text
    assert max(map(len, text.splitlines())) <= 80
    assert "".join(line.split()[0] for line in text.splitlines() if line.startswith(("enc", "stages"))).startswith(
        "encoder.stages"
    )
    assert repr(Overview(report)) == Overview(report).text


def test_levels_and_other_findings_are_said(report):
    assert "Up to K = 3 levels" in Overview(report).text
    told = (Finding("does-not-map", "warning", "", "too large", "leave it out"),)
    assert "1 more finding: snnhw report lists it." in Overview(dataclasses.replace(report, findings=told)).notes
    told = (*told, dataclasses.replace(told[0], message="too slow"))
    assert "2 more findings: snnhw report lists them." in Overview(dataclasses.replace(report, findings=told)).notes


def test_what_the_table_would_be_misread_without_is_said_in_full(report):
    told = (Finding("no-spikes", "warning", "", "no neuron fires", "scale the samples"),)
    notes = Overview(dataclasses.replace(report, findings=told)).notes
    assert "No neuron fires; scale the samples." in notes and not any("more finding" in note for note in notes)
