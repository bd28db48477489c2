"""What the command line shows: tables and progress for people, one JSON object for machines, one sentence for errors.

Results go to stdout, progress to stderr, so that `--json` can be piped.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.containers import Lines
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Table
from rich.text import Text

from snnhw.analysis.report.plain_table import WIDTH, parts_of, wrapped
from snnhw.gates.text import visible
from snnhw.progress import Progress

PREPARING = "preparing"  # what a verb does first: it imports torch, loads the model and reads the samples


def width_of(variables: Mapping[str, str], terminal: bool) -> int | None:
    """Columns of what is printed: of a pipe those that COLUMNS names, else 80; None of a terminal, which knows its own.

    Without it rich would take the width of a terminal that standard error is.
    """
    said = variables.get("COLUMNS", "")
    return None if terminal else int(said) if said.isdecimal() and said.strip("0") else WIDTH


out = Console(highlight=False, width=width_of(os.environ, sys.stdout.isatty()))
err = Console(stderr=True, highlight=False)


def show(result: Mapping[str, object], as_json: bool, *tables: Table | str) -> None:
    """Print the tables, or the result as one JSON object."""
    if as_json:
        text = json.dumps(result, default=_plain)
        out.print_json(text, indent=None, highlight=False, ensure_ascii=True)  # what no locale lacks
        return
    for table in tables:
        out.print(_shown(table) if isinstance(table, str) else table)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    """A rich table; columns whose name starts with ">" are numbers and align right."""
    made = Table(
        title=_shown(title), title_justify="left", title_style="bold", header_style="dim", box=None, pad_edge=False
    )
    for column in columns:
        made.add_column(
            _shown(column.lstrip(">")), justify="right" if column.startswith(">") else "left", overflow="fold"
        )
    for row in rows:
        made.add_row(*(_Cell(visible(f"{cell:,}" if isinstance(cell, int) else str(cell))) for cell in row))
    return made


class _Cell(Text):
    """Text that is no markup; a word that is too long goes on in the next line behind a joint of its name."""

    def wrap(self, console: Console, width: int, **options: Any) -> Lines:
        cut = re.sub(r"\S+", lambda word: "\n".join(parts_of(word[0], width)), self.plain)
        return Text(cut).wrap(console, width, **options)


def show_lines(lines: Sequence[str]) -> None:
    """Print each as one line, which a terminal breaks; in a pipe in lines of its width, all but the first indented."""
    for line in map(visible, lines):
        parts = [line] if out.is_terminal else wrapped(line, out.width)
        for part in parts:
            out.print(part, markup=False, soft_wrap=True)


def _shown(text: str) -> str:
    """What rich prints as `text`: square brackets are no markup, and what would steer the terminal is spelt out."""
    return escape(visible(text))


@contextmanager
def progress_bars(quiet: bool = False, first: str = "") -> Iterator[Progress]:
    """A callback (stage, finished, total) that keeps one bar per stage on stderr, from the first call on.

    With `first` there is a bar of this name at once, which moves until the first call: around imports and loading, so
    that nobody waits before an empty screen. Of the processes that torchrun started, the first alone has bars.
    """
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    hidden = quiet or not err.is_terminal or os.environ.get("RANK", "0") != "0"
    bars = Bars(*columns, console=err, disable=hidden, redirect_stdout=False)
    tasks: dict[str, TaskID] = {}
    if first:
        bars.start()
        tasks[first] = bars.add_task(first, total=None)

    def tick(stage: str, finished: int, total: int) -> None:
        if not tasks:
            bars.start()  # not earlier: there can be one live display at a time, and training has its own
        if first in tasks:
            bars.remove_task(tasks.pop(first))
        if stage not in tasks:
            tasks[stage] = bars.add_task(stage, total=total)
        bars.update(tasks[stage], completed=finished, total=total)

    try:
        yield tick
    finally:
        if first in tasks:
            bars.remove_task(tasks[first])
        bars.stop()


def _plain(value: object) -> object:
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if hasattr(value, "tolist"):
        return value.tolist()
    return str(value)
