"""Tables for people, one JSON object for machines, progress that starts with the first call."""

import io
import json
import re
import subprocess
import sys

import numpy as np
import pytest
from rich.console import Console

from snnhw.verbs import terminal
from snnhw.verbs.terminal import progress_bars, show, show_lines, table, width_of


def printed(shown, width: int = 60) -> str:
    console = Console(width=width)
    with console.capture() as capture:
        console.print(shown)
    return capture.get()


def test_numbers_are_grouped_and_align_right():
    lines = printed(table("Title", ("name", ">count"), [("a", 1234567), ("b", 8)])).splitlines()
    assert lines[0].strip() == "Title" and lines[2].split() == ["a", "1,234,567"]
    assert len(lines[2].rstrip()) == len(lines[3].rstrip())


def test_a_word_that_is_too_long_goes_on_behind_a_joint_of_its_name():
    shown = table("", ("layer",), [("stage1_block1_shortcut",), ("[b] loihi1-davies2018",)])
    lines = [line.strip() for line in printed(shown, width=16).splitlines()]
    assert lines[-4:] == ["stage1_block1_", "shortcut", "[b] loihi1-", "davies2018"]


@pytest.mark.parametrize(
    ("variables", "terminal", "width"),
    [({}, False, 80), ({"COLUMNS": "120"}, False, 120), ({"COLUMNS": "120"}, True, None), ({}, True, None)]
    + [({"COLUMNS": wrong}, False, 80) for wrong in ("", "0", "00", "-5", "wide", "1.5", "²")],
)
def test_a_pipe_has_eighty_columns_unless_it_is_said(variables, terminal, width):
    assert width_of(variables, terminal) == width


def test_a_long_line_is_broken_and_indented_in_a_pipe_and_left_to_a_terminal(capsys, monkeypatch):
    line = " ".join(["[word]"] * 20)
    show_lines((line, "short"))
    first, second, last = capsys.readouterr().out.splitlines()
    assert len(first) <= 80 and second.startswith("  [word]") and last == "short"
    assert f"{first} {second.strip()}" == line
    screen = io.StringIO()
    monkeypatch.setattr(terminal, "out", Console(file=screen, force_terminal=True, width=60, highlight=False))
    show_lines((line,))
    assert screen.getvalue() == f"{line}\n"


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


def test_a_first_bar_is_there_before_the_first_call_and_gone_behind_it(monkeypatch):
    screen = io.StringIO()
    monkeypatch.setattr(terminal, "err", Console(file=screen, force_terminal=True, width=80))
    with progress_bars(first="preparing") as tick:
        before = screen.getvalue()
        tick("stage", 1, 4)
        shown = len(screen.getvalue())
    assert "preparing" in before and "stage" in screen.getvalue()[shown - 1 :] + screen.getvalue()
    assert "preparing" not in screen.getvalue()[shown:]


@pytest.mark.parametrize("quiet, rank", [(True, "0"), (False, "1")])
def test_nobody_but_the_first_process_has_bars(monkeypatch, quiet, rank):
    screen = io.StringIO()
    monkeypatch.setattr(terminal, "err", Console(file=screen, force_terminal=True, width=80))
    monkeypatch.setenv("RANK", rank)
    with progress_bars(quiet, "preparing") as tick:
        tick("stage", 1, 4)
    assert screen.getvalue() == ""


WATCHED = """
import sys
from snnhw.cli import main
from snnhw.verbs import terminal

shown = []
start = terminal.Bars.start
terminal.Bars.start = lambda bars: shown.append(True) or start(bars)
terminal.err = terminal.Console(stderr=True, force_terminal=True)

class Torch:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            print("bars" if shown else "nothing")
            raise SystemExit
        return None

assert "torch" not in sys.modules
sys.meta_path.insert(0, Torch())
sys.argv = ["snnhw", *sys.argv[1:]]
main()
"""
LONG = {
    "evaluate": (),
    "export": ("-o", "x.nir"),
    "check": (),
    "quantise": ("--calibrate", "digits:train", "-o", "x.nir"),
    "simulate": ("--input", "digits:test"),
    "verify": ("--input", "digits:test"),
    "report": ("--input", "digits:test", "--out", "out"),
    "compare": ("--input", "digits:test"),
    "map": (),
    "diagnose": ("--input", "digits:test"),
}


@pytest.mark.parametrize("verb", LONG)
def test_a_verb_shows_a_bar_before_torch_is_imported(verb, tmp_path):
    """What takes seconds on a cold machine: so the bar is there in the first of them."""
    command = [sys.executable, "-c", WATCHED, verb, "digits", *LONG[verb]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=tmp_path)
    assert done.stdout.split() == ["bars"], done.stderr[-2000:]
