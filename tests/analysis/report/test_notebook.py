"""A notebook shows a graph as its picture, a report as its page, and loads neither before they are shown."""

from __future__ import annotations

import sys
from html import escape
from pathlib import Path

import pytest
from IPython.core.formatters import HTMLFormatter

from snnhw.analysis.report.notebook import graph_html, register_in, report_html
from snnhw.analysis.report.page import render
from snnhw.workflows.load import load_model
from tests.analysis.report.reading import Page
from tests.analysis.report_sample import sample_report
from tests.kernel import executed


@pytest.fixture(scope="module")
def report():
    return sample_report(complete=False)


@pytest.fixture(scope="module")
def formatter():
    made = HTMLFormatter()
    register_in(made)
    return made


def test_a_graph_is_its_picture(formatter):
    graph = load_model("digits").graph
    html = formatter(graph)
    assert html == graph_html(graph)
    (frame,) = Page(html).all("iframe")
    picture = Page(frame["srcdoc"])
    assert len(picture.all("svg")) == 1 and all(unit in picture.text for unit in graph.units())
    assert "http" not in html.replace("http://www.w3.org", "")


def test_a_report_is_its_page_in_a_frame(formatter, report):
    (frame,) = Page(formatter(report)).all("iframe")
    assert frame["srcdoc"] == render(report) and frame["title"] == "Report"
    assert formatter(report) == report_html(report)


def test_names_of_networks_cannot_inject_markup():
    evil = '"><script>'
    html = graph_html(load_model("digits").graph.replace(name=evil))
    assert evil not in html and escape(evil) in html


@pytest.mark.slow
def test_a_kernel_shows_both(tmp_path):
    cells = (
        "import sys, snnhw\nprint([name for name in ('torch', 'numpy', 'pandas') if name in sys.modules])",
        "model = snnhw.load_model('digits')\nmodel",
        "model.graph",
        "report, page = snnhw.make_report(model, snnhw.load_inputs('digits:test').first(2), 'report')\nreport",
    )
    notebook = executed(cells, Path(sys.executable), tmp_path, tmp_path / "kernels")
    printed, model, graph, report = (cell.outputs[-1] for cell in notebook.cells)
    assert printed["text"].strip() == "[]"
    assert model["data"]["text/html"].startswith("<table>") and "LoadedModel" in model["data"]["text/plain"]
    assert model["data"]["text/plain"].splitlines()[0] == "LoadedModel 'digits_ds_resnet8'"
    assert escape("<svg") in graph["data"]["text/html"] and graph["data"]["text/plain"].startswith("Graph")
    (frame,) = Page(report["data"]["text/html"]).all("iframe")
    assert frame["srcdoc"] == (tmp_path / "report" / "report.html").read_text()
