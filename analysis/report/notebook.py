"""Notebooks show a graph as its picture and a report as its page.

IPython knows both classes by their names, so that nothing is imported before the first of them is shown, and neither
the graph nor the report knows how it is drawn.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from snnhw.analysis.report.report import Report
    from snnhw.graph.ir import Graph


class Formatter(Protocol):
    """The part of IPython's HTML formatter that is used here."""

    def for_type_by_name(self, module: str, name: str, function: Callable[..., str]) -> object:
        """Have `function` write the HTML of the class `name` of `module`."""


def register() -> None:
    """Show graphs and reports in the notebook that is running; without one, do nothing."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    if shell is not None:
        register_in(shell.display_formatter.formatters["text/html"])


def register_in(formatter: Formatter) -> None:
    """Have `formatter` show graphs and reports."""
    formatter.for_type_by_name("snnhw.graph.ir", "Graph", graph_html)
    formatter.for_type_by_name("snnhw.analysis.report.report", "Report", report_html)


def graph_html(graph: Graph, width: int = 640) -> str:
    """The picture of the network in a frame of its own, `width` CSS pixels wide."""
    from snnhw.analysis.report.graph_picture import picture_page

    page, height = picture_page(graph, width)
    return _frame(graph.name, page, f"{height}px")


def report_html(report: Report) -> str:
    """The page in a frame of its own."""
    from snnhw.analysis.report.page import render

    return _frame("Report", render(report), "48rem")


def _frame(title: str, page: str, height: str) -> str:
    style = f"width: 100%; height: {height}; border: 0"
    return f'<iframe title="{escape(title)}" style="{style}" srcdoc="{escape(page)}"></iframe>'
