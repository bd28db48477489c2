"""Programs that say too much, for too long, or nothing."""

import os
import sys
import time
from pathlib import Path

import pytest

from snnhw.exporters.answer import LONGEST_BYTES, Answer, answer_of


def said(body, timeout_s=30.0):
    return answer_of([sys.executable, "-c", body], timeout_s=timeout_s)


def test_both_outputs_and_the_exit_code():
    assert said("import sys; print('a', flush=True); print('b', file=sys.stderr); sys.exit(3)") == Answer(3, "a\nb\n")
    assert said("import os; os.close(1); os.close(2)") == Answer(0, "")
    with pytest.raises(OSError):
        answer_of(["/no/such/program"], timeout_s=1)


def test_a_program_that_prints_without_end_is_ended_soon():
    start = time.monotonic()
    found = said("import os\nwhile True: os.write(1, b'x' * 65536)", timeout_s=600)
    assert found.endless and found.code is None and len(found.text) == LONGEST_BYTES
    assert time.monotonic() - start < 60


def test_its_children_go_with_it(tmp_path):
    body = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open({str(tmp_path / "child")!r}, "w").write(str(child.pid))
time.sleep(600)
"""
    found = said(body, timeout_s=5)
    assert (found.code, found.endless) == (None, False)
    child = int((tmp_path / "child").read_text())
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and os.path.exists(f"/proc/{child}"):
        if Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
            break  # nobody waits for it
        time.sleep(0.05)
    else:
        assert not os.path.exists(f"/proc/{child}")
