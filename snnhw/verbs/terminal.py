"""What the command line shows: tables and progress for people, one JSON object for machines, one sentence for errors.

Results go to stdout, progress to stderr, so that `--json` can be piped.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Table

from snnhw.gates.text import visible
from snnhw.progress import Progress

PREPARING = "preparing"  # what a verb does first: it imports torch, loads the model and reads the samples
WIDTH_OF_PIPES = 100  # rich would take 80 columns where there is no terminal

out = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH_OF_PIPES)
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
        made.add_row(*(_shown(f"{cell:,}" if isinstance(cell, int) else str(cell)) for cell in row))
    return made


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
