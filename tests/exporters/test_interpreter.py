"""Finding the interpreter of a library: what is asked of it, and what is said of one that is not what it seems."""

import os
import subprocess
import sys

import pytest

from snnhw.exporters import interpreter
from snnhw.exporters.interpreter import environment_folder, environment_of, probe, status_of
from snnhw.exporters.lava.env import LAVA
from tests.exporters.lava.interpreters import fake_python


def test_another_interpreter_does_not_see_our_module_path(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    assert "PYTHONPATH" not in environment_of("/usr/bin/python3.10")
    assert environment_of(sys.executable)["PYTHONPATH"] == "/somewhere"
    assert environment_of(sys.executable)["OMP_NUM_THREADS"] == "1"


def test_outside_a_virtual_environment_the_cache_folder_is_used(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert environment_folder(LAVA) == tmp_path / "snnhw" / "snnhw-lava"


def test_a_home_that_nobody_knows_is_one_sentence(monkeypatch):
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    for variable in ("XDG_CACHE_HOME", "SNNHW_LAVA_PYTHON"):
        monkeypatch.delenv(variable, raising=False)

    def unknown():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(interpreter.Path, "home", unknown)
    assert status_of(LAVA).problem == "The home folder is not known; set HOME or XDG_CACHE_HOME."


def test_a_wrong_version_of_lava_is_named(tmp_path):
    found = probe(LAVA, fake_python(tmp_path / "python", 'echo \'["0.9.0", "1.26.4"]\''))
    assert not found.works and found.version == "0.9.0" and "has lava-nc 0.9.0" in found.problem


def test_an_interpreter_that_hangs_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(interpreter, "PROBE_TIMEOUT_S", 0.3)
    assert "did not import Lava within" in probe(LAVA, fake_python(tmp_path / "slow", "exec sleep 30")).problem


ANSWERS = ["null", "[]", "{}", "3", '"0.10.0"', "[3]", "[[[[", "noise", "[" * 100_000, "9" * 5000, r"\377\376"]


@pytest.mark.parametrize("answer", ANSWERS, ids=[a[:10] for a in ANSWERS])
def test_an_interpreter_that_answers_otherwise_is_one_sentence(tmp_path, answer):
    (tmp_path / "answer").write_text(answer)
    found = probe(LAVA, fake_python(tmp_path / "python", f"cat {tmp_path}/answer"))
    assert not found.works and found.version is None
    assert found.problem.endswith("does not answer as Python with Lava does; run `snnhw lava install`.")


def test_an_interpreter_that_prints_without_end_is_one_sentence(tmp_path):
    problem = probe(LAVA, fake_python(tmp_path / "python", "exec yes")).problem
    assert problem.endswith("prints without end, which Python with Lava does not; run `snnhw lava install`.")


def test_a_warning_behind_the_answer_does_no_harm(tmp_path):
    assert probe(LAVA, fake_python(tmp_path / "python", 'echo \'["0.10.0", "1.26.4"]\'; echo warning >&2')).works


def test_no_answer_at_all_is_one_sentence(tmp_path):
    assert "cannot import Lava (exit code 0)" in probe(LAVA, fake_python(tmp_path / "python", "true")).problem


@pytest.mark.parametrize("command", [["lava", "status"], ["--version"]])
def test_the_command_line_says_so(tmp_path, command):
    python = fake_python(tmp_path / "python", "echo null")
    run = [sys.executable, "-m", "snnhw", *command]
    done = subprocess.run(run, env={**os.environ, "SNNHW_LAVA_PYTHON": python}, capture_output=True, text=True)
    assert done.returncode == (1 if command[0] == "lava" else 0) and "Traceback" not in done.stderr
    assert "does not answer as Python" in " ".join(done.stdout.split()) or "lava-nc not installed" in done.stdout
