"""Runs a worker in a process group of its own, under a time limit, and leaves nothing of it behind.

Reads the worker's marked lines (progress, error, done) and keeps the rest of its output for the error message.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from .guard import MARK
from .network import LavaRunError

POLL_S = 0.1
READ_BYTES = 65536
LONGEST_LINE = 1_000_000  # bytes
OUTPUT_KEPT = 100_000  # bytes of unmarked output kept for the error
LAVA_PACKAGE = Path(__file__).resolve().parent


def worker_command(python: str, network: Path, samples: Path, output: Path, flags: Sequence[str] = ()) -> list[str]:
    """Command line of the worker."""
    return [python, str(LAVA_PACKAGE / "worker.py"), str(network), str(samples), str(output), *flags]


def supervise(
    command: Sequence[str],
    *,
    timeout_s: float,
    progress: Callable[[int, int], None] | None = None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run `command` to its end.

    Args:
        command: a program that uses `guard.report`.
        timeout_s: wall time after which it is killed.
        progress: called with samples finished and samples in all.
        environment: of the program; by default this process's.

    Raises:
        LavaRunError: it reported an error, died, was killed or ran out of time.
    """
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=dict(environment) if environment is not None else None,
        )
    except OSError as error:
        raise LavaRunError(f"Cannot start {command[0]} ({error.strerror}); install the Lava interpreter.") from error
    listener = _Listener(progress)
    try:
        ended = _listen(process, listener, time.monotonic() + timeout_s)
    finally:
        _kill_group(process)
    if listener.done:
        return
    output = listener.output()
    if listener.error:
        raise LavaRunError(listener.error, listener.traceback or output)
    if not ended:
        raise LavaRunError(f"Lava did not finish within {timeout_s:g} s; allow more time or run fewer samples.", output)
    raise LavaRunError(
        f"The Lava worker {_cause(process.returncode)} without a result; its output is attached, memory is a "
        "frequent cause.",
        output,
    )


class _Listener:
    """Takes the output of the worker apart."""

    def __init__(self, progress: Callable[[int, int], None] | None) -> None:
        self.progress = progress
        self.done = False
        self.error = ""
        self.traceback = ""
        self._line = b""
        self._other = bytearray()

    def feed(self, data: bytes) -> None:
        *lines, self._line = (self._line + data).split(b"\n")
        if len(self._line) > LONGEST_LINE:  # noise without end
            lines, self._line = [*lines, self._line], b""
        for line in lines:
            start = line.find(MARK)
            if start < 0 or not self._message(line[start + len(MARK) :]):
                self._other += line + b"\n"
                del self._other[:-OUTPUT_KEPT]

    def output(self) -> str:
        return (bytes(self._other) + self._line).decode(errors="replace")

    def _message(self, line: bytes) -> bool:
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            return False
        if not isinstance(message, dict):
            return False
        counts = message.get("progress")
        if self.progress and isinstance(counts, list) and [type(n) for n in counts] == [int, int]:
            self.progress(*counts)
        self.done = self.done or message.get("done") is True
        if message.get("error") and not self.error:  # the first error is the cause, later ones follow from it
            self.error, self.traceback = str(message["error"]), str(message.get("traceback", ""))
        return True


def _listen(process: subprocess.Popen[bytes], listener: _Listener, deadline: float) -> bool:
    """Feed the listener until the worker has ended (True) or the deadline has passed (False)."""
    if process.stdout is None:
        return False
    handle = process.stdout.fileno()
    os.set_blocking(handle, False)
    with selectors.DefaultSelector() as selector:
        selector.register(handle, selectors.EVENT_READ)
        while True:
            ended = process.poll() is not None  # before reading, so that what it wrote last is read
            selector.select(0 if ended else POLL_S)
            more = _read(handle, listener)
            if ended and not more:
                return True
            if time.monotonic() > deadline:
                return ended
            if not more:
                time.sleep(POLL_S / 10)  # the worker has closed its output but not ended


def _read(handle: int, listener: _Listener) -> bool:
    """Feed what is there, up to one buffer; False if there is nothing."""
    try:
        data = os.read(handle, READ_BYTES)
    except BlockingIOError:
        return False
    listener.feed(data)
    return bool(data)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # nothing of it is left
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _cause(code: int) -> str:
    return f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
