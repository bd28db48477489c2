"""One writer of a folder at a time; the lock goes with its process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from snnhw.errors import InputError
from snnhw.gates.lock import LOCK, locked

HOLDER = """
import sys, time
from pathlib import Path
from snnhw.gates.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_the_second_is_refused_with_the_number_of_the_first(tmp_path, holder):
    says = f"Process {holder.pid} is writing {tmp_path}; wait for its end"
    with pytest.raises(InputError, match=says), locked(tmp_path):
        pass


def test_a_killed_holder_leaves_no_lock(tmp_path, holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with locked(tmp_path):
        assert (tmp_path / LOCK).read_text() == str(os.getpid())
    assert not (tmp_path / LOCK).exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(InputError, match=r"Cannot write .*; choose another folder"), locked(tmp_path / "none"):
        pass
