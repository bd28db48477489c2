"""Runs the command line in an empty folder."""

import json
import sys

import pytest

from snnhw.cli import main


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    """Runs a command that must end with `code`; gives what it printed, under --json as a value."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, code: int = 0):
        monkeypatch.setattr(sys, "argv", ["snnhw", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        printed = capsys.readouterr()
        assert (end.value.code or 0) == code, printed.err
        return json.loads(printed.out) if "--json" in arguments else printed.out

    return run


@pytest.fixture
def refused(monkeypatch, capsys, tmp_path):
    """Runs a command that must be refused with exit code 2; gives the one sentence that it printed."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["snnhw", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        printed = capsys.readouterr()
        assert (end.value.code, printed.out) == (2, "")
        assert printed.err.startswith("error: ") and printed.err.count("\n") == 1
        return printed.err

    return run
