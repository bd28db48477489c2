"""Writing files so that a reader never sees half of one: write beside, flush, rename.

Takes a path and a function that writes to an open binary file; turns disk errors into one clear sentence.
"""

from __future__ import annotations

import errno
import io
import os
import secrets
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from snnhw.errors import InputError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}  # what more space or a higher limit cures

OPEN_FILES = "/proc/self/fd"  # where Linux shows the files that a process has open
NAME_KEPT = 40  # characters of a name in that of the file beside; all of them could be too long a name


def write_atomically(path: Path, write: Callable[[IO[bytes]], object]) -> Path:
    """Create or replace `path` with what `write` puts into the file it is given. A device or pipe is written to.

    Where the system can, the file has no name until it is whole, so that a killed process leaves nothing.

    Raises:
        InputError: the folder cannot be written or the disk is full; nothing is left behind, an older file stays.
    """
    path = Path(path)
    if os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path)):
        return _write_through(path, write)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file, beside = _opened(path)
    except OSError as error:
        raise InputError(f"Cannot write {path}: {error.strerror}; choose a folder that you may write to.") from error
    except ValueError as error:  # a zero byte, or what the file system cannot say
        raise InputError(f"{str(path)!r} is no name of a file ({error}); choose another name.") from error
    try:
        with file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
            if beside is None:
                beside = _named(file.fileno(), path)
        os.replace(beside, path)
    except OSError as error:
        remedy = "free some space or choose another folder" if error.errno in FULL else "choose another path"
        raise InputError(f"Cannot write {path}: {error.strerror or error}; {remedy}.") from error
    finally:
        if beside is not None:
            beside.unlink(missing_ok=True)
    return path


def _opened(path: Path) -> tuple[IO[bytes], Path | None]:
    """A new file in the folder of `path`: one without a name, or else one beside."""
    with suppress(FileNotFoundError):
        os.lstat(path)  # refuses names that no file can have
    unnamed = getattr(os, "O_TMPFILE", None)
    if unnamed is not None and os.path.isdir(OPEN_FILES):
        try:
            return os.fdopen(os.open(path.parent, unnamed | os.O_RDWR, 0o666), "w+b"), None
        except OSError:  # of file systems that know no such files; what else is wrong is said of the file beside
            pass
    handle, beside = tempfile.mkstemp(prefix=_beginning(path), dir=path.parent)
    os.chmod(beside, 0o666 & ~_umask())
    return os.fdopen(handle, "w+b"), Path(beside)


def _named(handle: int, path: Path) -> Path:
    """A name beside `path` for an open file that has none."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        while True:
            name = f"{_beginning(path)}{secrets.token_hex(4)}"
            try:  # with a folder given, Python follows the link to the file
                os.link(f"{OPEN_FILES}/{handle}", name, src_dir_fd=folder, dst_dir_fd=folder)
            except FileExistsError:
                continue
            return path.parent / name
    finally:
        os.close(folder)


def _beginning(path: Path) -> str:
    """Begins the name of the file beside `path`."""
    return f".{path.name[:NAME_KEPT]}."


def _write_through(path: Path, write: Callable[[IO[bytes]], object]) -> Path:
    """Write to a device such as /dev/null, which renaming would replace by a file."""
    buffer = io.BytesIO()
    write(buffer)
    try:
        path.write_bytes(buffer.getvalue())
    except OSError as error:
        raise InputError(f"Cannot write {path}: {error.strerror}; choose another place.") from error
    return path


def write_text(path: Path, text: str) -> Path:
    """`write_atomically` for UTF-8 text."""
    return write_atomically(path, lambda file: file.write(text.encode()))


def toml_file(name: str | Path, folder: Path) -> Path:
    """The file that `name` says: a path that ends in .toml, else the file of that name in `folder`."""
    return Path(name) if str(name).endswith(".toml") else folder / f"{name}.toml"


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
