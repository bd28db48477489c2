"""Whether the worker of a running trial still lives: by a lock on this machine, by its beats from others.

A worker holds a folder whose lock goes with its process, and adds 1 to a number of its trial every few seconds. On the
machine of the worker the lock decides at once. Elsewhere a worker is dead when that number has stood still for
`GRACE_S` on the clock of the one who looks, so that clocks of machines need not agree.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import optuna

from snnhw.gates.lock import LOCK, locked
from snnhw.gates.text import file_name

WORKERS = "workers"  # folder of the locks
BEAT_S, GRACE_S = 10.0, 90.0  # s
WORKER, HOST, BEAT = "worker", "host", "beat"  # attributes of a trial


def host() -> str:
    """The name of this machine."""
    return file_name(socket.gethostname())


@contextmanager
def living(folder: Path) -> Iterator[str]:
    """Live as a worker of the sweep in `folder`; gives the worker's name."""
    name = f"{host()}-{os.getpid()}-{secrets.token_hex(3)}"
    place = folder / WORKERS / name
    place.mkdir(parents=True)
    try:
        with locked(place):
            yield name
    finally:
        shutil.rmtree(place, ignore_errors=True)
        with suppress(OSError):  # others are there
            place.parent.rmdir()


def sweep_up(folder: Path) -> None:
    """Remove the locks of workers that were killed; called when none of their trials is left."""
    for place in (folder / WORKERS).glob("*"):
        if _held(place) is False:
            shutil.rmtree(place, ignore_errors=True)


@contextmanager
def beating(trial: optuna.Trial, every: float = BEAT_S) -> Iterator[None]:
    """Beat for a trial while it runs."""
    ended = threading.Event()

    def beat() -> None:
        beats = 0
        while not ended.wait(every):
            beats += 1
            with suppress(Exception):  # the trial was given up, or the storage is away: then so is the beat
                trial.set_user_attr(BEAT, beats)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


class Watch:
    """Looks at running trials, again and again."""

    def __init__(self, folder: Path, grace: float = GRACE_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder, self._grace, self._clock = folder, grace, clock
        self._seen: dict[int, tuple[object, float]] = {}  # by number: last beat, and when it was new

    def dead(self, trial: optuna.trial.FrozenTrial) -> bool:
        """Whether the worker of a running trial is gone."""
        name = trial.user_attrs.get(WORKER)
        if name is not None and trial.user_attrs.get(HOST) == host():
            held = _held(self._folder / WORKERS / str(name))
            if held is not None:
                return not held
        beat, now = (name, trial.user_attrs.get(BEAT)), self._clock()
        last, since = self._seen.get(trial.number, (None, now))
        if beat != last:
            self._seen[trial.number] = (beat, now)
            return False
        return now - since > self._grace


def _held(place: Path) -> bool | None:
    """Whether a lock is held; None where that cannot be said from here. The file stays, for others who look."""
    try:
        import fcntl

        handle = os.open(place / LOCK, os.O_RDWR)
    except (ImportError, OSError):
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # of a file system without locks
        return None
    finally:
        os.close(handle)
    return False
