"""Making the environment of Lava: what is tried, in which order, and what is left where nothing works."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from snnhw.errors import InputError
from snnhw.exporters.lava import install
from snnhw.exporters.lava.env import find_interpreter
from tests.exporters.lava.interpreters import fake_python


@pytest.mark.lava
def test_an_environment_that_is_there_is_kept():
    lines = []
    before = Path(find_interpreter()).stat().st_mtime_ns
    assert install.install(lines.append, Path(find_interpreter()).parents[1]).works
    assert len(lines) == 1 and "ready" in lines[0]
    assert Path(find_interpreter()).stat().st_mtime_ns == before


def test_no_python_310_is_said_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    with pytest.raises(InputError, match=r"needs Python 3.10.*install python3.10 or uv.*nothing found"):
        install.install(folder=tmp_path / "made")
    assert not (tmp_path / "made").exists()


def test_ways_are_tried_in_order_and_nothing_half_made_is_left(tmp_path, monkeypatch):
    """python3.10 on the path first, then pyenv's, then uv; each fails here with its own words."""
    works = 'case "$*" in *ensurepip*) exit 0;; *) mkdir -p "$3/bin"; echo no network >&2; exit 1;; esac'
    fake_python(tmp_path / "bin" / "python3.10", works)
    fake_python(tmp_path / "bin" / "uv", "echo uv is broken >&2; exit 1")
    os.symlink(shutil.which("mkdir"), tmp_path / "bin" / "mkdir")
    fake_python(tmp_path / "pyenv" / "versions" / "3.10.9" / "bin" / "python3.10", works)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    lines = []
    with pytest.raises(InputError, match=r"bin/python3.10: no network; .*3.10.9.*: no network; .*uv: uv is broken"):
        install.install(lines.append, tmp_path / "made")
    assert [line.split(" with ")[1].rsplit("/", 1)[1] for line in lines] == ["python3.10", "python3.10", "uv"]
    assert not (tmp_path / "made").exists()


@pytest.mark.lava
@pytest.mark.very_slow
def test_a_fresh_environment_runs_lava(tmp_path):
    found = install.install(folder=tmp_path / "made")
    assert found.works
    needed = tmp_path / "made" / "lib" / "python3.10" / "site-packages" / "networkx"
    shutil.rmtree(needed)
    code = "import sys; from snnhw.exporters.lava.install import *; install(folder=Path(sys.argv[1]))"
    command = [sys.executable, "-c", code, str(tmp_path / "made")]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[3])
    assert needed.exists()  # an environment that does not import is made again
