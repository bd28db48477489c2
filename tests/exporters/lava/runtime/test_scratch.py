"""The temporary folder of a run goes, however the program is told to end."""

import os
import signal
import subprocess
import sys
import tempfile
import threading

import pytest

from snnhw.exporters.lava.runtime.scratch import scratch_folder

PROGRAM = """
import signal, sys, time
for number in (signal.SIGTERM, signal.SIGHUP):  # background shells may ignore them, and children inherit that
    signal.signal(number, signal.SIG_DFL)
from snnhw.exporters.lava.runtime.scratch import scratch_folder
if sys.argv[1] == "ignored":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
with scratch_folder("test-") as folder:
    (folder / "file").write_text("x")
    print(folder, flush=True)
    for _ in range(10 if sys.argv[1] == "ignored" else 600):  # one long sleep would miss a signal just before it
        time.sleep(0.1)
print("went on", flush=True)
"""


def start(kind, folder):
    environment = {**os.environ, "TMPDIR": str(folder)}
    command = [sys.executable, "-c", PROGRAM, kind]
    program = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert program.stdout.readline().startswith(str(folder))
    return program


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_the_folder_goes_and_the_program_ends_by_the_signal(tmp_path, number):
    program = start("told", tmp_path)
    program.send_signal(number)
    out, err = program.communicate(timeout=600)
    assert (program.returncode, out, err) == (-number, "", "")
    assert list(tmp_path.iterdir()) == []


def test_a_signal_that_the_program_ignores_stays_ignored(tmp_path):
    program = start("ignored", tmp_path)
    program.send_signal(signal.SIGTERM)
    out, _ = program.communicate(timeout=600)
    assert (program.returncode, out) == (0, "went on\n") and list(tmp_path.iterdir()) == []


def test_other_threads_and_errors_leave_nothing_either(tmp_path, monkeypatch):
    kept = []

    def work():
        with scratch_folder("test-") as folder:
            kept.append(folder)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    with pytest.raises(ZeroDivisionError), scratch_folder("test-") as folder:
        kept.append(folder)
        _ = 1 / 0
    assert len(kept) == 2 and not any(folder.exists() for folder in kept)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_what_a_killed_program_left_goes_with_the_next_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    killed, running = start("told", tmp_path), start("told", tmp_path)
    killed.kill()
    killed.communicate(timeout=600)
    (tmp_path / "test-of_mine").mkdir()  # as mkdtemp calls its folders
    (tmp_path / "test-of_mine/file").write_text("x")
    (tmp_path / "test-linked").symlink_to("test-of_mine")
    assert len(list(tmp_path.iterdir())) == 4
    with scratch_folder("test-") as folder:
        left = {path.name for path in tmp_path.iterdir()} - {folder.name, "test-of_mine", "test-linked"}
        assert len(left) == 1  # of the program that runs
    running.terminate()
    running.communicate(timeout=600)
    assert {path.name for path in tmp_path.iterdir()} == {"test-of_mine", "test-linked"}
