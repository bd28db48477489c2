"""A report without the extras that draw it: a sentence where a chart would be, and one where the page would be."""

from __future__ import annotations

from importlib.util import find_spec

INSTALL = "pip install 'snnhw[report]'"
NO_CHART = f"<p><em>Not drawn, since matplotlib is not installed; {INSTALL} draws it. The tables say the same.</em></p>"


def draws() -> bool:
    """Whether charts can be drawn."""
    return find_spec("matplotlib") is not None


def no_page() -> str:
    """Why no page can be written, and what to do; empty where it can."""
    return "" if find_spec("jinja2") is not None else f"The page of a report needs jinja2; {INSTALL}."
