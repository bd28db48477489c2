"""Opening a file that somebody names: a regular file, and no larger than the memory allows.

A pipe would make the program wait for ever, a device could give any amount of data; both are refused by what they are.
Links are followed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from snnhw.errors import InputError
from snnhw.gates.memory import check_size

KINDS: Mapping[int, str] = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def open_regular(path: Path | str, kind: str, remedy: str) -> IO[bytes]:
    """The file at `path`, open for reading in bytes.

    Args:
        path: where it is.
        kind: what it should be, such as "NumPy file"; the messages name it.
        remedy: what to do where there is none, such as "give an .npy or .npz file with samples".

    Raises:
        InputError: there is no such file, it is no regular file, or it may not be read.
    """
    path = Path(path)
    try:
        _refuse_other(path, os.stat(path), kind)
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError as error:
        raise InputError(f"There is no file {path}; {remedy}.") from error
    except OSError as error:
        raise InputError(f"Cannot read {path}: {error.strerror}; {remedy}.") from error
    except ValueError as error:  # a name with a zero byte, or one that no file system can say
        raise InputError(f"{str(path)!r} is no name of a file ({error}); {remedy}.") from error
    file = os.fdopen(handle, "rb")
    try:
        _refuse_other(path, os.fstat(file.fileno()), kind)  # what was opened may not be what was looked at
    except InputError:
        file.close()
        raise
    return file


def read_bytes(path: Path | str, kind: str, remedy: str) -> bytes:
    """All bytes of the file at `path`; arguments as for `open_regular`.

    Raises:
        InputError: as `open_regular`, or it is larger than `SNNHW_MAX_GIB` allows.
    """
    with open_regular(path, kind, remedy) as file:
        size = os.fstat(file.fileno()).st_size
        check_size(size, f"The {kind} {path}")
        try:
            content = file.read(size + 1) if size else file.read(_SMALL)
        except OSError as error:
            raise InputError(f"Cannot read {path}: {error.strerror or error}; {remedy}.") from error
    if len(content) > max(size, _SMALL - 1):
        raise InputError(f"The {kind} {path} grows while it is read; give one that is complete.")
    return content


_SMALL = 2**20  # files of the system, as under /proc, say that they are empty; this much of one is read


def is_file(path: Path | str) -> bool:
    """Whether there is a regular file of that name; a name that no file can have is none."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


def _refuse_other(path: Path, found: os.stat_result, kind: str) -> None:
    form = stat.S_IFMT(found.st_mode)
    if form != stat.S_IFREG:
        raise InputError(f"{path} is {KINDS.get(form, 'no regular file')} where a {kind} is needed; name the file.")
