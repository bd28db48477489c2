"""What stands in for Lava's shared memory, the limit of open files, and a worker that leaves no child; without Lava."""

import json
import subprocess
import sys
import time

from hypothesis import given
from hypothesis import strategies as st

from snnhw.exporters.lava.runtime.guard import FDS_BESIDE, FDS_PER_PROCESS, MARK, AnonymousMemory

GUARD = "from snnhw.exporters.lava.runtime.guard import *\n"


def run(code: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-c", GUARD + code], capture_output=True, timeout=600, check=False)


@given(st.integers(0, 5000), st.binary(min_size=1, max_size=64))
def test_memory_without_a_name_holds_what_is_written_to_it(size, content):
    memory = AnonymousMemory().create_shared_memory(max(size, len(content)))
    assert len(memory.buf) == max(size, len(content)) and not any(memory.buf) and memory.name is None
    memory.buf[: len(content)] = content
    assert bytes(memory.buf[: len(content)]) == content


def test_a_report_is_one_marked_line_of_json():
    done = run("report(error='two\\nlines', traceback='x')")
    assert done.stdout.startswith(MARK) and done.stdout.count(b"\n") == 1
    assert json.loads(done.stdout[len(MARK) :]) == {"error": "two\nlines", "traceback": "x"}


def test_the_limit_of_open_files_is_raised_as_far_as_the_system_allows():
    """A low hard limit is told with the number that is needed; a low soft limit alone is raised."""
    processes = 30
    needed = FDS_PER_PROCESS * processes + FDS_BESIDE
    limits = "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, ({}, {}))\n"
    told = run(limits.format(64, needed - 1) + f"print(raise_descriptor_limit({processes}))")
    assert f"need {needed} open files and this system allows {needed - 1}".encode() in told.stdout
    soft = "print(raise_descriptor_limit({}), resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    raised = run(limits.format(64, needed) + soft.format(processes))
    assert raised.stdout.decode().split() == ["None", str(needed)]


def test_the_end_of_a_worker_takes_its_children_along():
    code = (
        "import multiprocessing, time\n"
        "child = multiprocessing.get_context('fork').Process(target=time.sleep, args=(600,))\n"
        "child.start()\nprint(child.pid, flush=True)\n"
        "guard = Guard()\nguard.add(child, 'sleeper')\nguard.end(7)"
    )
    done = run(code)
    pid = int(done.stdout)
    assert done.returncode == 7
    deadline = time.monotonic() + 60  # of the system, to remove what was killed
    while _runs(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
