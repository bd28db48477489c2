"""Making the environment of nengo-loihi: one that is there is kept, and what fails is one sentence."""

import sys
from pathlib import Path

import pytest

from snnhw.errors import InputError
from snnhw.exporters.nengo_loihi import install
from snnhw.exporters.nengo_loihi.env import find_interpreter
from tests.exporters.lava.interpreters import fake_python


@pytest.mark.nengo
def test_an_environment_that_is_there_is_kept():
    lines = []
    python = Path(find_interpreter())
    before = python.lstat().st_mtime_ns
    assert install.install(lines.append, python.parents[1]).works
    assert lines == [f"nengo-loihi is ready in {python.parents[1]}"] and python.lstat().st_mtime_ns == before


def test_without_an_index_nothing_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", fake_python(tmp_path / "python", "echo no venv >&2; exit 1"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"no nengo-loihi environment yet, because .* try again \(tried: .*: no venv"):
        install.install(folder=tmp_path / "made")
    assert not (tmp_path / "made").exists()
