"""The overview of a report: a rich table in a terminal, plain text of 80 columns in a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from snnhw.analysis.report.overview import COLUMNS
from snnhw.verbs import terminal
from snnhw.verbs.tables.findings import finding_lines
from snnhw.verbs.terminal import table

if TYPE_CHECKING:
    from snnhw.analysis.report.overview import Overview


def overview_lines(found: Overview) -> tuple[Table | str, ...]:
    """What is printed of it, in this order."""
    if not terminal.out.is_terminal:
        return (found.text,)
    columns = [f">{column.name}" if column.right else column.name for column in COLUMNS]
    layers = table(f"{found.title}; joules: {found.profile}", columns, [row.cells for row in found.rows])
    layers.rows[-1].end_section = True
    layers.show_footer = True
    for column, text in zip(layers.columns, found.totals, strict=True):
        column.footer, column.footer_style = text, "bold"
    return (layers, *found.answers, *found.notes, *finding_lines(found.report.findings))
