"""Figures: one SVG and one PDF for each chart of the page, the same bytes each time."""

from __future__ import annotations

import sys
from xml.etree import ElementTree

import pytest

from snnhw.analysis.report.figures import figures
from snnhw.analysis.report.page import drawings
from snnhw.errors import InputError
from tests.analysis.report_sample import sample_report


@pytest.fixture(scope="module")
def report():
    return sample_report(complete=False, name="a $ in a name")


def test_every_chart_is_there_in_both_formats(report):
    found = figures(report)
    names = {f"figure_{name}.{kind}" for name in drawings(report) for kind in ("svg", "pdf")}
    assert set(found) == names and {"figure_energy.pdf", "figure_rates.svg"} <= names
    for name, data in found.items():
        if name.endswith("pdf"):
            assert data.startswith(b"%PDF-") and data.rstrip().endswith(b"%%EOF")
        else:
            root = ElementTree.fromstring(data)
            assert root.tag.endswith("svg") and len(list(root.iter())) > 30
    assert figures(report) == found


def test_without_matplotlib_the_remedy_is_named(report, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(InputError, match=r"need matplotlib; pip install 'snnhw\[report\]'"):
        figures(report)
