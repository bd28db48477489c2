"""The overview on a terminal: a rich table with the cells of the text, totals as its footer."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from snnhw.analysis.report.overview import Overview
from snnhw.verbs import terminal
from snnhw.verbs.tables.summaries import overview_lines
from tests.analysis.report_sample import sample_report


@pytest.mark.parametrize("on_screen", [True, False])
def test_a_terminal_gets_a_table_and_a_pipe_the_text(on_screen, monkeypatch):
    found = Overview(sample_report(complete=False))
    monkeypatch.setattr(terminal, "out", Console(file=io.StringIO(), force_terminal=on_screen, width=100))
    shown = overview_lines(found)
    if not on_screen:
        assert shown == (found.text,)
        return
    screen = io.StringIO()
    Console(file=screen, width=100).print(shown[0])
    lines = [" ".join(line.split()) for line in screen.getvalue().splitlines()]
    for cells in (*(row.cells for row in found.rows), found.totals):
        assert " ".join(" ".join(cells).split()) in lines
    assert set(found.answers) <= set(shown) and set(found.notes) <= set(shown)
