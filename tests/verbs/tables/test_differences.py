"""On a terminal: rich tables with the cells of the text."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from snnhw.analysis.difference import table
from snnhw.analysis.difference.history import history
from snnhw.verbs import terminal
from snnhw.verbs.tables.differences import difference_lines, history_lines
from tests.analysis.difference.runs import between, pruned, sample_run


def shown(made):
    screen = io.StringIO()
    Console(file=screen, width=120).print(made)
    return [" ".join(line.split()) for line in screen.getvalue().splitlines()]


@pytest.mark.parametrize("on_screen", [True, False])
def test_a_terminal_gets_tables_and_a_pipe_the_text(on_screen, monkeypatch, tmp_path):
    monkeypatch.setattr(terminal, "out", Console(file=io.StringIO(), force_terminal=on_screen, width=120))
    found = between(sample_run(), sample_run(change=pruned))
    (tmp_path / "report.json").write_text(json.dumps(sample_run()))
    past = history(tmp_path)
    runs = past.shown()
    if not on_screen:
        assert difference_lines(found) == (table.text(found),) and history_lines(past, runs) == (past.text(runs),)
        return
    made = difference_lines(found)
    lines = shown(next(part for part in made if not isinstance(part, str)))
    for cells in (*(table.cells(found, pair) for pair in found.pairs), table.totals(found)):
        assert " ".join(" ".join(cells).split()) in lines
    assert {*table.answers(found), *table.why(found), *table.notes(found)} <= {p for p in made if isinstance(p, str)}
    first = " ".join(" ".join(runs[0].cells[:3]).split())
    assert any(line.startswith(first) for line in shown(history_lines(past, runs)[0]))
