"""What was assumed is yellow, wraps under itself at any width, and is never taken for markup."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from snnhw.graph.finding import Finding
from snnhw.verbs.tables.findings import finding_lines

STEP = Finding("dt-assumed", "warning", "", "the file has no step; [0.0001] s is taken", "give the right one with --dt")
RESETS = [Finding("reset-undefined", "warning", n, "a hard reset is taken", "give --reset") for n in ("a", "b")]
NAMED = [Finding("renamed", "info", n, f"the node is called '{n}' in the file", "none needed") for n in ("x", "y")]
OLD = Finding("convention-ignored", "warning", "", "the reset is not applied", "leave out --reset")


def printed(*findings: Finding, width: int = 100, colours: bool = False, of: str = "") -> str:
    console = Console(
        width=width, file=io.StringIO(), force_terminal=colours, color_system="standard" if colours else None
    )
    for block in finding_lines(findings, of):
        console.print(block)
    return console.file.getvalue()


def test_assumptions_come_first_and_then_one_line_of_each_kind_of_finding() -> None:
    assert [line.rstrip() for line in printed(*NAMED, OLD, *RESETS, STEP).splitlines()] == [
        "Assumed, since nothing says it",
        "time step  the file has no step; [0.0001] s is taken; give the right one with --dt",
        "reset      a, b: a hard reset is taken; give --reset",
        "Found",
        "info     x: the node is called 'x' in the file (and 1 more of this kind)",
        "warning  the reset is not applied; leave out --reset",
    ]
    assert printed() == "" and printed(STEP, of="net").startswith("Assumed of net, since nothing says it")
    assert "Found" not in printed(STEP) and "Assumed" not in printed(OLD)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_every_width_keeps_every_word_and_indents_what_is_broken(width: int) -> None:
    lines = printed(STEP, width=width).splitlines()
    assert max(map(len, lines)) <= width and lines[1].startswith("time step  the file")
    assert all(line.startswith(" " * 11) for line in lines[2:])
    assert " ".join(" ".join(lines[1:]).split()) == f"time step {STEP.message}; {STEP.remedy}"


def test_assumptions_alone_are_yellow() -> None:
    yellow = "\x1b[33m"
    assert f"{yellow}time step" in printed(STEP, colours=True) and yellow not in printed(OLD, colours=True)
