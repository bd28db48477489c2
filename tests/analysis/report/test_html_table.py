"""The overview in a notebook: the same cells and sentences as the text, nothing that runs, no markup let in."""

from __future__ import annotations

import dataclasses

from snnhw.analysis.report.overview import Overview
from snnhw.graph.finding import Finding
from tests.analysis.report.test_report import Page
from tests.analysis.report_sample import sample_report


def test_the_table_has_every_cell_and_below_it_every_sentence():
    found = Overview(sample_report(complete=False))
    page = Page(found._repr_html_())
    text = " ".join(page.text.split())
    assert page.open == [] and len(page.all("tr")) == len(found.rows) + 2
    for words in (*(cell for row in found.rows for cell in row.cells), *found.totals, *found.answers, *found.notes):
        assert " ".join(words.split()) in text
    assert page.all("script") == [] and page.all("style") == []


def test_names_and_findings_cannot_inject_markup():
    report = sample_report(complete=False, name="<script>x</script>")
    told = (Finding("dt-assumed", "warning", "", "<b>dt</b>", "give <i>--dt</i>"),)
    html = Overview(dataclasses.replace(report, findings=told))._repr_html_()
    assert not any(tag in html for tag in ("<script", "<b>", "<i>")) and "&lt;b&gt;dt" in html
