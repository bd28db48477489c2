"""One writer of a folder at a time: a lock that goes with the process that holds it, however it ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from snnhw.errors import InputError

LOCK = ".snnhw-lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold `folder`, which exists, until the end of the block.

    The lock is the kernel's (flock), so that a killed process leaves none. Where the file system knows no locks,
    nothing is held.

    Raises:
        InputError: another process holds it; the message says which.
    """
    path = folder / LOCK
    handle = _taken(path)
    try:
        yield
    finally:
        if handle is not None:
            path.unlink(missing_ok=True)
            os.close(handle)


def _taken(path: Path) -> int | None:
    try:
        import fcntl
    except ImportError:
        return None
    while True:
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        except OSError as error:
            raise InputError(f"Cannot write {path}: {error.strerror}; choose another folder.") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(handle, 20).decode(errors="replace").strip() or "unknown"
            os.close(handle)
            raise InputError(
                f"Process {holder} is writing {path.parent}; wait for its end or choose another folder."
            ) from error
        except OSError:
            os.close(handle)
            return None
        if _same(handle, path):  # else its last holder has removed it in between
            os.truncate(handle, 0)
            os.write(handle, str(os.getpid()).encode())
            return handle
        os.close(handle)


def _same(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except OSError:
        return False
