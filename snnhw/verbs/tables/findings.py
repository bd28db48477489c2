"""What was assumed, in yellow behind the result that rests on it, then other findings; the same for every verb."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from snnhw.gates.text import visible
from snnhw.graph.assumptions import assumptions, not_assumed
from snnhw.graph.finding import Finding

NOTHING_TO_DO = "none needed"


def finding_lines(findings: Iterable[Finding], of: str = "") -> tuple[Table, ...]:
    """A block of what was assumed and one of other findings, each left out where there is nothing in it.

    `of` names the model where there are several. Equal sentences about several nodes are one line.
    """
    found = tuple(findings)
    taken: list[tuple[str, str]] = [(a.subject, f"{a.text}; {a.remedy}") for a in assumptions(found)]
    kinds: dict[str, list[Finding]] = {}
    for finding in not_assumed(found):
        kinds.setdefault(finding.code, []).append(finding)
    others: list[tuple[str, str]] = [(same[0].severity, _first_of(same)) for same in kinds.values()]
    name = f" of {of}" if of else ""
    blocks = (_block(f"Assumed{name}, since nothing says it", taken, "yellow"), _block(f"Found{name}", others, ""))
    return tuple(block for block in blocks if block.row_count)


def _first_of(same: list[Finding]) -> str:
    """The first of several findings of one kind, and how many there are more."""
    first = same[0]
    where = f"{first.node}: " if first.node else ""
    remedy = "" if first.remedy == NOTHING_TO_DO else f"; {first.remedy}"
    return f"{where}{first.message}{remedy}" + (f" (and {len(same) - 1} more of this kind)" if len(same) > 1 else "")


def _block(title: str, rows: list[tuple[str, str]], style: str) -> Table:
    made = Table.grid(padding=(0, 2, 0, 0))
    made.title, made.title_justify, made.title_style = Text(visible(title)), "left", f"bold {style}".strip()
    made.add_column(no_wrap=True, style=style)
    made.add_column(overflow="fold", style=style)
    for left, right in rows:
        made.add_row(Text(visible(left)), Text(visible(right)))
    return made
