"""diff and history on the command line: text, JSON, files, and what is refused before anything runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ON = ("--input", "digits:test", "--samples", "2", "--quiet")


def test_two_runs_as_text_json_and_files(call):
    call("report", "digits", *ON, "--out", "runs/a")
    call("report", "digits", *ON, "--timesteps", "2", "--out", "runs/b")
    lines = call("diff", "runs/a", "runs/b").splitlines()
    assert max(map(len, lines)) <= 80 and lines[0].startswith("A: runs/a, digits_ds_resnet8, 2 samples of digits:test")
    assert any("T 4 -> 2" in line for line in lines)
    told = call("diff", "runs/a", "runs/b", "-o", "d", "--json")
    assert told == json.loads(Path("d/diff.json").read_text())
    assert {path.name for path in Path("d").iterdir()} == {"diff.html", "diff.json", "diff.csv"}
    a, b = (json.loads(Path("runs", run, "report.json").read_text()) for run in "ab")
    for key in ("unit_synops", "macs"):
        assert told["totals"][key]["difference"] == (b["totals"][key] - a["totals"][key]) / 2
    assert call("diff", "runs/a", "digits", "--json")["totals"] == call("diff", "runs/a", "runs/a", "--json")["totals"]

    rows = call("history", "runs").splitlines()
    assert max(map(len, rows)) <= 80 and sum(row.startswith("20") for row in rows) == 2
    runs = call("history", "runs", "--csv", "h.csv", "--json")["runs"]
    assert [run["timesteps"] for run in runs] == [4, 4, 2, 2] and Path("h.csv").read_text().count("\n") == 5


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("diff", "digits", "digts"), "did you mean 'digits'"),
        (("diff", "nowhere.json", "digits"), "There is no file nowhere.json"),
        (("diff", "digits", "digits"), "is named twice"),
        (("history", "nowhere"), "is no folder"),
        (("history", "."), "There is no report.json of snnhw below ."),
    ],
)
def test_what_cannot_be_compared_is_refused(words, said, refused):
    assert said in refused(*words)


def test_reports_are_compared_without_torch(call):
    call("report", "digits", *ON, "--out", "a")
    for words in (("diff", "a", "a"), ("history", ".")):
        code = (
            f"import sys; sys.argv = ['snnhw', *{words!r}]; from snnhw.cli import main\n"
            "try: main()\n"
            "except SystemExit as end: assert not end.code\n"
            "print('torch' in sys.modules, file=sys.stderr)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.stderr.strip() == "False", done.stderr
