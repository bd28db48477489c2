"""A reader of BibTeX, as far as braces go: entries with their fields, and refusals."""

from __future__ import annotations

import re


def entries(text: str) -> dict[str, dict[str, str]]:
    """Key -> fields, `type` among them; an entry that is not closed or a key given twice is an error."""
    found: dict[str, dict[str, str]] = {}
    at = text.index("\n") if text.startswith("%") else 0  # behind the line of comment
    while (start := re.compile(r"\s*@(\w+)\{([^,\s{}]+),").match(text, at)) is not None:
        kind, key = start.groups()
        assert key not in found, key
        found[key], at = {"type": kind}, start.end()
        while (field := re.compile(r"\s*(\w+) = \{").match(text, at)) is not None:
            depth, end = 1, field.end()
            while depth:
                depth += {"{": 1, "}": -1}.get(text[end], 0) if text[end - 1] != "\\" else 0
                end += 1
            found[key][field[1]], at = text[field.end() : end - 1], end
            assert text[at] == ","
            at += 1
        closed = re.compile(r"\s*\}").match(text, at)
        assert closed is not None, text[at : at + 40]
        at = closed.end()
    assert text[at:].strip() == "", text[at : at + 40]
    return found
