"""Without the extras of a report: what is missing is found without importing it, and files without a page are kept."""

from __future__ import annotations

import json
import sys

import pytest

from snnhw.analysis.report.page import render
from snnhw.analysis.report.undrawn import NO_CHART, draws, no_page
from snnhw.analysis.report.writing import write_report
from snnhw.errors import InputError
from tests.analysis.report_sample import sample_report


def test_what_is_installed_is_said():
    assert draws() and no_page() == ""


def test_a_chart_becomes_a_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    page = render(sample_report(complete=False))
    assert not draws() and page.count(NO_CHART) >= 6 and "<svg" in page  # the picture of the network needs no library


def test_without_jinja_the_numbers_are_written_and_one_sentence_says_so(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    report = sample_report(complete=False)
    with pytest.raises(InputError, match=r"report.json and the tables are in .*needs jinja2; pip install"):
        write_report(report, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["energy.csv", "layers.csv", "report.json"]
    assert json.loads((tmp_path / "report.json").read_text())["samples"] == report.counts.samples
