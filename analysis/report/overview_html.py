"""The overview of a report as a table of a notebook: no script, no style sheet, the colours of the page around it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from snnhw.analysis.report.overview import COLUMNS, Overview

LEFT, RIGHT = "text-align: left", "text-align: right"


def overview_html(found: Overview) -> str:
    """Caption, table, and below it what one line of the text says each."""
    head = "".join(_cell("th", column.name, column.right) for column in COLUMNS)
    body = "".join(_row("td", row.cells) for row in found.rows)
    said = [*found.answers, *found.notes]
    said += [f"assumed {a.subject}: {a.text}; {a.remedy}" for a in found.report.assumptions]
    below = "".join(f"<p>{escape(text)}</p>" for text in said)
    caption = f"<caption style='{LEFT}'>{escape(found.title)}; joules: {escape(found.profile)}</caption>"
    table = f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    return f"<div>{table}<tfoot>{_row('th', found.totals)}</tfoot></table>{below}</div>"


def _row(tag: str, cells: Sequence[str]) -> str:
    shown = (_cell(tag, cell, column.right) for cell, column in zip(cells, COLUMNS, strict=True))
    return f"<tr>{''.join(shown)}</tr>"


def _cell(tag: str, text: str, right: bool) -> str:
    return f"<{tag} style='{RIGHT if right else LEFT}'>{escape(text)}</{tag}>"
