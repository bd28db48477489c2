"""What a refusal on the command line is: exit code 2, one sentence on stderr, nothing written."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from tests.verbs.test_misuse import call


def written(name: str, content: bytes) -> Callable[[], None]:
    """Writes the file when it is called."""
    return lambda: Path(name).write_bytes(content) and None


def refused(arguments, says, monkeypatch, capsys) -> None:
    before = sorted(os.listdir())
    assert call(arguments, monkeypatch) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.startswith("error: ") and printed.err.count("\n") == 1, printed.err
    assert says in printed.err and sorted(os.listdir()) == before
