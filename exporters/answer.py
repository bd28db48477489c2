"""What a program of somebody else prints, read for a bounded time and to a bounded length."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LONGEST_BYTES = 2**20  # what a program may print; one that prints more is ended
POLL_S = 0.1


@dataclass(frozen=True)
class Answer:
    """The exit code, and what was printed on both outputs."""

    code: int | None  # None where the program was ended, after too long a time or too many words
    text: str
    endless: bool = False  # it was too many words


def answer_of(command: Sequence[str], *, timeout_s: float, environment: Mapping[str, str] | None = None) -> Answer:
    """Run `command` without input; nothing of it is left afterwards.

    Raises:
        OSError: it cannot be started.
    """
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        env=None if environment is None else dict(environment),
    )
    try:
        text = _read(process, time.monotonic() + timeout_s)
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # nothing of it is left
            os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
        if process.stdout is not None:
            process.stdout.close()
    shown = text[:LONGEST_BYTES].decode(errors="replace")
    return Answer(None if code == -signal.SIGKILL else code, shown, len(text) > LONGEST_BYTES)


def _read(process: subprocess.Popen[bytes], deadline: float) -> bytes:
    """What it prints until it ends, the deadline passes, or it has printed too much."""
    text = bytearray()
    if process.stdout is None:
        return b""
    handle = process.stdout.fileno()
    os.set_blocking(handle, False)
    with selectors.DefaultSelector() as selector:
        selector.register(handle, selectors.EVENT_READ)
        while len(text) <= LONGEST_BYTES and time.monotonic() < deadline:
            ended = process.poll() is not None  # before reading, so that what it wrote last is read
            selector.select(0 if ended else POLL_S)
            try:
                piece = os.read(handle, LONGEST_BYTES)
            except BlockingIOError:
                piece = b""
            text += piece
            if ended and not piece:
                break
            if not piece:
                time.sleep(POLL_S / 10)  # it has closed its output but not ended
    return bytes(text)
