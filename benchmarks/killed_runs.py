"""Runs of the command line that are watched and killed: their files, their processes, and what a killed one leaves."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from pathlib import Path
from uuid import uuid4

from snnhw.__main__ import main as snnhw_main

LIMIT_S = 600.0  # of a run on a busy machine
WATCH_S = 0.001
GONE_S = 20.0  # until processes that a killed one has started have ended
OWN_FILES = {".snnhw-lock", ".snnhw-scratch", "unfinished.npz", "unfinished.rows"}  # what it goes on from, too


class Program:
    """A running program."""

    def __init__(self, number: int) -> None:
        self.number, self.code = number, None

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""
        if self.code is None:
            number, status = os.waitpid(self.number, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if number else None
        return self.code

    def wait(self, seconds: float = LIMIT_S) -> int | None:
        """Its exit code, when it has ended; None where it runs on after so many seconds."""
        deadline = time.monotonic() + seconds
        while self.poll() is None and time.monotonic() < deadline:
            time.sleep(WATCH_S)
        return self.code

    def kill(self) -> None:
        """End it by SIGKILL."""
        os.kill(self.number, signal.SIGKILL)
        self.wait()


class Place:
    """A folder for runs, whose processes are known by a variable that they inherit."""

    def __init__(self, root: Path) -> None:
        self.work, self.temporary = root / "work", root / "tmp"
        self.running: Program | None = None
        self.printed, self.said = root / "printed", root / "said"
        self.mark = f"SNNHW_KILLS={uuid4()}"
        self.environment = {**os.environ, "TMPDIR": str(self.temporary), "OMP_NUM_THREADS": "1"}
        self.environment |= {**dict([self.mark.split("=")]), "TORCHINDUCTOR_CACHE_DIR": str(root / "torch")}
        for folder in (self.work, self.temporary):
            folder.mkdir()

    def seen(self) -> tuple[tuple[str, int, int], ...]:
        """Names, files and times of all that is in the folders."""
        found = []
        for folder in (self.work, self.temporary):
            for path, folders, names in os.walk(folder):
                for name in (*folders, *names):
                    try:
                        about = os.lstat(os.path.join(path, name))
                    except OSError:
                        continue
                    found.append((os.path.join(path, name), about.st_ino, about.st_mtime_ns))
        return tuple(found)

    def watch(self, process: Program, until: int | None = None) -> int:
        """How often the folders change until the process ends, or until they have changed so often."""
        last, changes = self.seen(), 0
        while process.poll() is None and changes != until:
            time.sleep(WATCH_S)
            now = self.seen()
            changes, last = changes + (now != last), now
        return changes

    def start(self, words: list[str]) -> Program:
        """A run that has begun: a fork of this process, which has imported what takes seconds to import."""
        sys.stdout.flush()
        number = os.fork()
        if number:
            self.running = Program(number)
            return self.running
        code = 1
        try:
            os.chdir(self.work)
            os.environ.update(self.environment)
            for handle, path in ((1, self.printed), (2, self.said)):
                os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), handle)
            sys.argv = ["snnhw", *words]
            snnhw_main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(bool(end.code))
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def run(self, words: list[str]) -> str:
        """What it prints; it must succeed."""
        if self.start(words).wait() != 0:
            raise RuntimeError(f"{' '.join(words)} fails: {self.said.read_text()}")
        return self.printed.read_text()

    def processes(self) -> list[int]:
        """Those that run with our mark."""
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                running = (path / "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
                if running and self.mark.encode() in (path / "environ").read_bytes().split(b"\0"):
                    found.append(int(path.name))
            except OSError:
                continue
        return sorted(found)

    def left(self) -> list[str]:
        """Processes that do not end, and names of half-written files."""
        deadline = time.monotonic() + GONE_S
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.05)
        return [*(f"process {number}" for number in self.processes()), *self.half()]

    def half(self) -> list[str]:
        """Hidden files, as half-written ones are."""
        return [p.name for p in self.work.rglob(".*") if p.name not in OWN_FILES]

    def empty(self) -> None:
        """Remove all that earlier runs have written."""
        shutil.rmtree(self.work)
        self.work.mkdir()
