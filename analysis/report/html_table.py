"""A table for a notebook: no script, no style sheet, the colours of the page around it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from snnhw.analysis.report.plain_table import Column

LEFT, RIGHT = "text-align: left", "text-align: right"


def html_table(
    caption: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[str]],
    last: Sequence[str],
    below: Iterable[str] = (),
) -> str:
    """Caption, headings, rows, a last row in the foot, and paragraphs below; all texts are escaped."""
    head = "".join(_cell("th", column.name, column.right) for column in columns)
    body = "".join(_row("td", columns, row) for row in rows)
    table = f"<table><caption style='{LEFT}'>{escape(caption)}</caption><thead><tr>{head}</tr></thead>"
    paragraphs = "".join(f"<p>{escape(text)}</p>" for text in below)
    return f"<div>{table}<tbody>{body}</tbody><tfoot>{_row('th', columns, last)}</tfoot></table>{paragraphs}</div>"


def _row(tag: str, columns: Sequence[Column], cells: Sequence[str]) -> str:
    shown = (_cell(tag, cell, column.right) for cell, column in zip(cells, columns, strict=True))
    return f"<tr>{''.join(shown)}</tr>"


def _cell(tag: str, text: str, right: bool) -> str:
    return f"<{tag} style='{RIGHT if right else LEFT}'>{escape(text)}</{tag}>"
