"""A temporary folder that goes with the run, also when the program is told to end by SIGTERM or SIGHUP.

What a program that was killed has left goes when the next folder is made: a file in the folder says that it is ours,
and the lock on the folder ends with its process.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

SIGNALS = ("SIGTERM", "SIGHUP")
OURS = ".snnhw-scratch"  # the file by which a folder is known for one of ours


class _Ended(BaseException):
    """A signal that ends the program, on its way through the blocks that clean up."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def scratch_folder(prefix: str) -> Iterator[Path]:
    """A folder that is removed at the end of the block; it is empty but for `OURS`.

    Signals that the program handles or ignores already are left to it.
    """
    caught = None
    taken = [getattr(signal, name) for name in SIGNALS if hasattr(signal, name)]
    here = threading.current_thread() is threading.main_thread()
    taken = [number for number in taken if here and signal.getsignal(number) is signal.SIG_DFL]

    def end(number: int, frame: FrameType | None) -> None:
        for other in taken:
            signal.signal(other, signal.SIG_IGN)  # a second one would interrupt the cleaning up
        raise _Ended(number)

    try:
        for number in taken:
            signal.signal(number, end)
        remove_abandoned(prefix)
        with _locked(prefix) as folder:
            yield folder
    except _Ended as ended:
        caught = ended.number
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)
        if caught is not None:
            os.kill(os.getpid(), caught)  # ends as it would have without us, so that the caller sees why


@contextmanager
def _locked(prefix: str) -> Iterator[Path]:
    """A new folder that this process has locked, and that goes at the end."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    handle = _lock(folder, wait=True)  # before it is known for ours, so that nobody takes it for abandoned
    try:
        (folder / OURS).touch()
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _unlock(handle)


def remove_abandoned(prefix: str) -> None:
    """Remove our folders of that name whose process has ended without doing so."""
    for folder in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        handle = _lock(folder)
        if handle is not None:
            if (folder / OURS).is_file() and os.fstat(handle).st_uid == os.getuid():
                shutil.rmtree(folder, ignore_errors=True)
            _unlock(handle)


def _lock(folder: Path, *, wait: bool = False) -> int | None:
    """An open folder that is locked; None where another process has it, or the system locks no folders."""
    try:
        import fcntl

        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except (ImportError, OSError, AttributeError):
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def _unlock(handle: int | None) -> None:
    if handle is not None:
        os.close(handle)
