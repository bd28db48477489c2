"""A folder that this program writes as a whole: it replaces its own files there, and nobody else's.

A list in the folder, `snnhw-files.json`, names the files that were written and their sha256. With it the next export
knows which files are its own and unchanged. Files are made beside and renamed into place one by one; the list is
written before the first and has the old and the new checksum of each, so that a killed export can be repeated.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from snnhw.errors import InputError
from snnhw.files import write_text
from snnhw.gates.lock import LOCK, locked
from snnhw.gates.regular import is_file, read_bytes

MANIFEST = "snnhw-files.json"
PART = ".snnhw-part-"  # begins the names of folders in which files are made
FORMAT = 1
Owned = Mapping[str, Sequence[str]]  # name relative to the folder -> sha256 that it may have


@dataclass(frozen=True)
class Place:
    """A folder that may be filled."""

    path: Path  # links followed
    own: Owned  # of an earlier export
    force: bool

    @contextmanager
    def filling(self) -> Iterator[Path]:
        """An empty folder; what the block puts there takes the place of the earlier export when the block ends.

        Raises:
            InputError: the folder cannot be written, or another process writes it; files of an earlier export stay.
        """
        new = not os.path.exists(self.path)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with locked(self.path):
                with tempfile.TemporaryDirectory(prefix=PART, dir=self.path) as made:
                    yield Path(made)
                    self._take(Path(made))
                self._remove_parts()
        except OSError as error:
            raise InputError(
                f"Cannot write {self.path}: {error.strerror or 'not all files'}; choose another folder."
            ) from error
        finally:
            if new:
                with suppress(OSError):  # it is not empty, or was never made
                    self.path.rmdir()

    def _take(self, made: Path) -> None:
        names = {p.relative_to(made).as_posix(): (sha256(p),) for p in sorted(made.rglob("*")) if p.is_file()}
        for name in names:
            if name not in self.own and os.path.lexists(self.path / name) and not self.force:
                raise InputError(
                    f"{self.path / name} is not of an earlier export and would be replaced; move it away or give "
                    "--force."
                )
        both = {name: (*self.own.get(name, ()), *names.get(name, ())) for name in {**self.own, **names}}
        self._list(both)
        for name in names:
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(made / name, self.path / name)
        for name in set(self.own) - set(names):
            (self.path / name).unlink(missing_ok=True)
        self._list(names)

    def _list(self, names: Owned) -> None:
        write_text(self.path / MANIFEST, json.dumps({"format": FORMAT, "files": dict(names)}, indent=1) + "\n")

    def _remove_parts(self) -> None:
        """Those of exports that were killed."""
        import shutil

        for part in self.path.glob(f"{PART}*"):
            shutil.rmtree(part, ignore_errors=True)


def place_for(path: Path | str, *, force: bool = False) -> Place:
    """The folder `path`, looked at before the work starts.

    Raises:
        InputError: it is no folder or cannot be written; it holds files and no list of this program, or a file of the
            list was changed, and `force` is not given.
    """
    folder = _resolved(Path(path))
    if not os.path.exists(folder):
        _check_writable(_nearest(folder), folder)
        return Place(folder, {}, force)
    if not folder.is_dir():
        raise InputError(f"{folder} exists and is no folder; choose another path or remove it.")
    _check_writable(folder, folder)
    own = _own_files(folder, force)
    if own is None:
        others = [name for name in sorted(os.listdir(folder)) if name != LOCK and not name.startswith(PART)]
        if others and not force:
            raise InputError(
                f"{folder} holds {others[0]} and no {MANIFEST} of an earlier export; choose an empty folder or give "
                "--force, which replaces files of the same names."
            )
        return Place(folder, {}, force)
    try:
        changed = [name for name, was in own.items() if is_file(folder / name) and sha256(folder / name) not in was]
    except OSError as error:
        raise InputError(f"Cannot read {error.filename}: {error.strerror}; choose another folder.") from error
    if changed and not force:
        raise InputError(
            f"{folder / changed[0]} was changed after it was exported; move it away or give --force, which replaces it."
        )
    return Place(folder, own, force)


def check_folder(path: Path | str) -> None:
    """Nothing, where files can be written into the folder `path`, which need not be there yet.

    Raises:
        InputError: it is no folder, or cannot be written.
    """
    folder = _resolved(Path(path))
    there = os.path.exists(folder)
    _check_writable(folder if there else _nearest(folder), folder)


def sha256(path: Path) -> str:
    """Of a file, read piece by piece."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(2**20):
            digest.update(piece)
    return digest.hexdigest()


def _own_files(folder: Path, force: bool) -> Owned | None:
    """What the list in the folder says; None if there is none, or none that can be read and `force` is given."""
    path = folder / MANIFEST
    if not os.path.lexists(path):
        return None
    try:
        files = json.loads(read_bytes(path, "list of files", "export into another folder"))["files"]
        inside = all(isinstance(was, list) and _inside(name) for name, was in files.items())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, InputError):
        inside = False
    if inside:
        return dict(files)
    if force:
        return None
    raise InputError(f"{path} is no list of an earlier export; choose another folder or give --force.")


def _inside(name: str) -> bool:
    """Whether a name of the list stays in its folder."""
    return not os.path.isabs(name) and ".." not in Path(name).parts and "\0" not in name


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(f"{str(path)!r} is no name of a folder ({error}); choose another path.") from error


def _nearest(path: Path) -> Path:
    """The nearest thing above `path` that exists."""
    return next(parent for parent in path.parents if os.path.exists(parent))


def _check_writable(existing: Path, path: Path) -> None:
    if not existing.is_dir():
        raise InputError(f"Cannot write {path}: {existing} is no folder; choose another path.")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise InputError(f"Cannot write {path}: Permission denied; choose a folder that you may write to.")
