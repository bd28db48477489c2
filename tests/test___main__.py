"""The program ends without a traceback when it is told to, also while a library is being imported."""

from __future__ import annotations

import importlib.machinery
import os
import signal
import subprocess
import sys
import time
import types

import pytest

from snnhw import __main__ as program

BUSY = """
import sys, time, types
from importlib.machinery import ModuleSpec
from snnhw import cli
import snnhw.__main__
def busy():
    if sys.argv.pop() == "import":
        torch = types.ModuleType("torch")
        torch.__spec__ = ModuleSpec("torch", None)
        torch.__spec__._initializing = True
        sys.modules["torch"] = torch
    try:
        print("busy", flush=True)
        for _ in range(600):  # one long sleep would miss a signal that comes just before it
            time.sleep(0.1)
    finally:
        print("cleaned up", flush=True)
cli.app = lambda prog_name: busy()
snnhw.__main__.main()
"""


def interruptible():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("when", ["work", "import"])
def test_it_cleans_up_and_says_by_its_exit_code_why(number, when):
    command = [sys.executable, "-c", BUSY, when]
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    running = subprocess.Popen(command, preexec_fn=interruptible, **options)
    assert running.stdout.readline() == "busy\n"
    running.send_signal(number)
    out, err = running.communicate(timeout=600)
    assert running.returncode == 128 + number and "Traceback" not in err
    assert out == ("cleaned up\n" if when == "work" else "")


def test_what_the_caller_ignores_stays_ignored():
    code = (
        "import signal; from snnhw import cli, __main__ as m; cli.main = lambda: print(signal.getsignal(2)); m.main()"
    )
    ignore = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, **ignore)
    assert done.stdout.strip() == str(signal.SIG_IGN) and done.returncode == 0, done.stderr


def test_importing_is_seen(monkeypatch):
    assert not program.importing()
    module = types.ModuleType("h5py")
    module.__spec__ = importlib.machinery.ModuleSpec("h5py", None)
    module.__spec__._initializing = True
    monkeypatch.setitem(sys.modules, "h5py", module)
    assert program.importing()


def has_begun(running) -> bool:
    """Whether the program handles signals, or has ended; before, it is Python that starts."""
    if running.poll() is not None:
        return True
    with open(f"/proc/{running.pid}/status") as file:
        caught = next(int(line.split()[1], 16) for line in file if line.startswith("SigCgt"))
    return bool(caught >> (signal.SIGTERM - 1) & 1)


@pytest.mark.slow
def test_no_moment_of_the_start_gives_a_traceback():
    """Ctrl-C at 12 moments from where the program begins, however busy the machine is."""
    for moment in range(12):
        command = [sys.executable, "-m", "snnhw", "evaluate", "digits", "--quiet"]
        options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
        running = subprocess.Popen(command, preexec_fn=interruptible, env={**os.environ}, **options)
        while not has_begun(running):
            time.sleep(0.002)
        time.sleep(0.1 + 0.25 * moment)
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=600)
        assert "Traceback" not in err and running.returncode in (0, 130), err


REFUSED = {  # how the shell calls it -> exit code
    "2>&-": 2,
    ">&-": 2,
    ">&- 2>&-": 2,
    "<&-": 2,
    "2>/dev/full": 2,
}


@pytest.mark.parametrize("streams", REFUSED)
def test_closed_and_full_streams_change_no_refusal(tmp_path, streams):
    command = f"{sys.executable} -m snnhw map nope {streams}"
    environment = {**os.environ, "LANG": "C", "LC_ALL": "C", "COLUMNS": "80"}
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == REFUSED[streams] and "Traceback" not in done.stderr and done.stdout == ""
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(("streams", "code"), [(">&-", 0), (">/dev/full", 2), ("2>&- >&- <&-", 0), ("2>&-", 0)])
def test_closed_and_full_streams_of_a_verb_that_works(tmp_path, streams, code):
    command = f"{sys.executable} -m snnhw profiles list {streams}"
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == code and "Traceback" not in done.stderr and "Exception" not in done.stderr
    if code:
        assert done.stderr == "error: Cannot read or write the output: No space left on device; choose another place.\n"
