"""The supervisor with programs that behave badly, and the parts of the guard that need no Lava."""

import os
import sys
import time

import pytest

from snnhw.exporters.lava.runtime.guard import MARK, AnonymousMemory, raise_descriptor_limit
from snnhw.exporters.lava.runtime.network import LavaRunError
from snnhw.exporters.lava.runtime.supervise import LONGEST_LINE, OUTPUT_KEPT, supervise

REPORT = f"import os, json, sys, time\ndef report(**m): os.write(1, {MARK!r} + json.dumps(m).encode() + b'\\n')\n"


def run(body, timeout_s=20.0, progress=None):
    supervise([sys.executable, "-c", REPORT + body], timeout_s=timeout_s, progress=progress)


def test_progress_arrives_in_order_and_done_is_enough():
    seen = []
    run("for n in range(500): report(progress=[n, 500])\nreport(done=True)", progress=lambda *p: seen.append(p))
    assert seen == [(n, 500) for n in range(500)]
    run("report(done=True)\nos._exit(3)")  # the result is there, however the program left


def test_the_first_error_is_the_cause():
    with pytest.raises(LavaRunError, match=r"^cause$") as caught:
        run("report(error='cause', traceback='lines')\nreport(error='consequence')\nsys.exit(1)")
    assert caught.value.traceback_text == "lines"


def test_output_without_a_message_is_attached_and_bounded():
    with pytest.raises(LavaRunError, match="ended with code 3 without a result") as caught:
        run("print('words before the end', flush=True)\nos._exit(3)")
    assert "words before the end" in caught.value.traceback_text
    with pytest.raises(LavaRunError) as caught:
        run("for n in range(20000): print('noise', n)\nprint('last', flush=True)\nos._exit(3)")
    assert len(caught.value.traceback_text) <= OUTPUT_KEPT and caught.value.traceback_text.endswith("last\n")


def test_a_line_that_only_looks_like_a_message_is_output():
    with pytest.raises(LavaRunError) as caught:
        run(f"os.write(1, {MARK!r} + b'no json\\n')\nsys.exit(1)")
    assert "no json" in caught.value.traceback_text


MESSAGES = [
    "null",
    "[]",
    "3",
    '{"progress": 3}',
    '{"progress": [1]}',
    '{"progress": ["a", {}]}',
    '{"done": "yes"}',
    "[" * 99999,
]


@pytest.mark.parametrize("message", MESSAGES, ids=[m[:20] for m in MESSAGES])
def test_messages_of_other_kinds_are_no_result(message):
    with pytest.raises(LavaRunError, match="ended with code 1 without a result"):
        run(f"os.write(1, {MARK!r} + {message.encode()!r} + b'\\n')\nsys.exit(1)", progress=lambda *p: None)


def test_noise_without_an_end_of_line_is_bounded():
    with pytest.raises(LavaRunError) as caught:
        run("for n in range(100): os.write(1, b'x' * 50_000)\nos._exit(3)")
    assert len(caught.value.traceback_text) <= OUTPUT_KEPT + LONGEST_LINE


def test_time_limit_holds_however_the_program_waits():
    for body in (
        "time.sleep(60)",
        "os.close(1); os.close(2); time.sleep(60)",  # silent
        "while True: report(progress=[1, 2])",  # never silent
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)",
    ):
        start = time.monotonic()
        with pytest.raises(LavaRunError, match=r"did not finish within 0\.5 s"):
            run(body, timeout_s=0.5)
        assert time.monotonic() - start < 10


def test_grandchildren_end_with_the_program():
    body = "pid = os.fork()\nif pid == 0: time.sleep(60)\nprint('child', pid, flush=True)\nos._exit(1)"
    with pytest.raises(LavaRunError) as caught:
        run(body)
    pid = int(caught.value.traceback_text.split()[1])
    deadline = time.monotonic() + 5
    while running(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not running(pid)


def running(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_an_exception_in_the_callback_ends_the_program():
    def fail(done, of):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run("report(progress=[1, 2])\ntime.sleep(60)", progress=fail)


def test_anonymous_memory_has_what_lavas_channels_use():
    memory = AnonymousMemory().create_shared_memory(0)
    assert memory.name is None and len(memory.buf) == 1
    memory = AnonymousMemory().create_shared_memory(8)
    child = os.fork()
    if child == 0:
        memory.buf[3] = 7
        os._exit(0)
    os.waitpid(child, 0)  # this child and no other
    assert memory.buf[3] == 7  # shared with a forked child


def test_open_files_are_checked_against_the_hard_limit():
    assert raise_descriptor_limit(2) is None
    assert "Lava processes need" in raise_descriptor_limit(10**9)
