"""Tables for people, one JSON object for machines, progress that starts with the first call."""

import io
import json
import re

import numpy as np
from rich.console import Console

from snnhw.verbs import terminal
from snnhw.verbs.terminal import progress_bars, show, table


def printed(shown) -> str:
    console = Console(width=60)
    with console.capture() as capture:
        console.print(shown)
    return capture.get()


def test_numbers_are_grouped_and_align_right():
    lines = printed(table("Title", ("name", ">count"), [("a", 1234567), ("b", 8)])).splitlines()
    assert lines[0].strip() == "Title" and lines[2].split() == ["a", "1,234,567"]
    assert len(lines[2].rstrip()) == len(lines[3].rstrip())


def test_json_is_one_object_with_plain_values(capsys):
    show({"a": np.int64(3), "b": np.arange(2), "c": [1.5, None]}, True, "never printed")
    assert json.loads(capsys.readouterr().out) == {"a": 3, "b": [0, 1], "c": [1.5, None]}
    show({"a": 1}, False, "one", "two")
    assert capsys.readouterr().out.split() == ["one", "two"]


def test_a_bar_per_stage_and_none_before_the_first_call(monkeypatch):
    screen = io.StringIO()
    monkeypatch.setattr(terminal, "err", Console(file=screen, force_terminal=True, width=80))
    with progress_bars() as tick:
        before = screen.getvalue()
        with progress_bars():  # another display may be live meanwhile
            tick("first", 1, 4)
        tick("second", 2, 2)
    stages = [stage for stage in ("first", "second") if re.search(rf"{stage}.*\d/\d", screen.getvalue())]
    assert before == "" and stages == ["first", "second"]
