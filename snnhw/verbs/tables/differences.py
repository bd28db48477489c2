"""Tables of a difference and of a history: rich ones in a terminal, plain text of 80 columns in a pipe."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from snnhw.analysis.difference import history
from snnhw.analysis.difference import table as difference
from snnhw.analysis.difference.difference import Difference
from snnhw.analysis.difference.history import History, Run
from snnhw.analysis.report.plain_table import Column
from snnhw.verbs import terminal
from snnhw.verbs.terminal import table


def difference_lines(found: Difference) -> tuple[Table | str, ...]:
    """What is printed of a difference, in this order."""
    if not terminal.out.is_terminal:
        return (difference.text(found),)
    *above, title = difference.heading(found)
    rows = [*(difference.cells(found, pair) for pair in found.pairs), difference.totals(found)]
    layers = _table(title, difference.COLUMNS, rows)
    layers.rows[-2].end_section, layers.rows[-1].style = True, "bold"
    return (*above, layers, *difference.answers(found), *difference.why(found), *difference.notes(found))


def history_lines(found: History, runs: Sequence[Run]) -> tuple[Table | str, ...]:
    """What is printed of a history."""
    if not terminal.out.is_terminal:
        return (found.text(runs),)
    return (
        _table("Runs, the oldest first; per inference", history.COLUMNS, [run.cells for run in runs]),
        *found.notes(runs),
    )


def _table(title: str, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> Table:
    return table(title, [f">{column.name}" if column.right else column.name for column in columns], rows)
