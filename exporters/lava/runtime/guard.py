"""Keeps a Lava run from hanging: errors of process models and dead processes end the worker, memory has no name.

Lava 0.10.0 waits for ever when a process model fails, and leaves shared-memory files behind when it is killed.
`install_guard` replaces, in Lava's multiprocessing module, the process class by one that reports its exception and
ends, and the shared-memory manager by anonymous memory that forked children inherit. A thread watches the children.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import signal
import sys
import threading
import time
import traceback
from typing import Any

MARK = b"@lava-worker "
POLL_S = 0.2
PR_SET_PDEATHSIG = 1
FDS_PER_PROCESS, FDS_BESIDE = 12, 64  # measured: 12 P + 17; the rest is for files of the worker


def report(**message: object) -> None:
    """One line for the supervisor, in one write so that processes do not interleave."""
    os.write(1, MARK + json.dumps(message).encode() + b"\n")


class Guard:
    """The child processes of this worker, with the names of their Lava processes."""

    def __init__(self) -> None:
        self._children: list[tuple[Any, str]] = []
        self._parent = os.getppid()

    def add(self, child: Any, label: str) -> None:
        """Watch `child`, a multiprocessing.Process."""
        self._children.append((child, label))

    def watch(self) -> None:
        """Start the thread that ends the worker when a child dies, or when the supervisor is gone."""
        threading.Thread(target=self._watch, name="guard", daemon=True).start()

    def end(self, code: int) -> None:
        """Kill the children and leave at once; Lava's own stop can block."""
        for child, _ in self._children:
            if child.pid is not None:
                try:
                    os.kill(child.pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)

    def _watch(self) -> None:
        while True:
            time.sleep(POLL_S)
            if os.getppid() != self._parent:
                self.end(1)
            for child, label in list(self._children):
                code = child.exitcode if child.pid is not None else None
                if code is not None and code != 0:
                    cause = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
                    report(error=f"Lava process {label!r} {cause}; see the output for the cause, memory perhaps.")
                    self.end(1)


def install_guard() -> Guard:
    """Replace Lava's process class and shared memory; call before the first run."""
    from lava.magma.runtime.message_infrastructure import multiprocessing as lava_processes

    guard = Guard()

    class GuardedProcess(lava_processes.SystemProcess):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.label = _label(kwargs.get("kwargs", {}).get("builder"))

        def start(self) -> None:
            super().start()
            guard.add(self, self.label)

        def run(self) -> None:
            _die_with_parent()
            try:
                lava_processes.mp.Process.run(self)
                self._cconn.send(None)
            except BaseException as error:
                report(
                    error=f"Lava process {self.label!r} failed with {type(error).__name__}: {error}",
                    traceback=traceback.format_exc(),
                )
                os._exit(1)

    lava_processes.SystemProcess = GuardedProcess
    lava_processes.SharedMemoryManager = AnonymousMemory
    return guard


class AnonymousMemory:
    """Stands in for Lava's SharedMemoryManager: memory without a name, inherited by the children that Lava forks."""

    name = None

    def __init__(self, size: int = 0) -> None:
        self.buf = memoryview(mmap.mmap(-1, max(size, 1)))

    def start(self) -> None:
        """Nothing to start."""

    def shutdown(self) -> None:
        """Nothing to remove: the memory goes with the processes."""

    def create_shared_memory(self, size: int) -> AnonymousMemory:
        """Memory of `size` bytes with the one attribute that Lava's channels use, `buf`."""
        return AnonymousMemory(size)


def raise_descriptor_limit(processes: int) -> str | None:
    """Raise the limit of open files to what the system allows; why that is not enough for `processes`, or None."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = FDS_PER_PROCESS * processes + FDS_BESIDE
    if hard == resource.RLIM_INFINITY:
        hard = max(needed, soft)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    if hard >= needed:
        return None
    return (
        f"The {processes} Lava processes need {needed} open files and this system allows {hard}; "
        f"raise the hard limit (ulimit -Hn {needed}) or run a smaller network."
    )


def _label(builder: Any) -> str:
    parameters = getattr(builder, "proc_params", None)
    name = parameters["name"] if parameters is not None and parameters.get("name") else None
    model = getattr(builder, "proc_model", None)
    return str(name or getattr(model, "__name__", "runtime service"))


def _die_with_parent() -> None:
    """Ask Linux to kill this process when the worker goes, however it goes."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
