"""Where the trials of a sweep are kept: a journal beside the runs, or any database that SQLAlchemy knows, by URL."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import optuna
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.storages.journal._file import BaseJournalFileLock
from optuna.study import StudyDirection

from snnhw.errors import InputError
from snnhw.gates.plain_text import shown
from snnhw.gates.regular import open_regular
from snnhw.sweeps.sampler import OnceEach
from snnhw.sweeps.spec import Spec

JOURNAL = "journal.log"
SPEC = "spec"  # attribute of the study


class JournalLock(BaseJournalFileLock):
    """A lock of the kernel on a file beside the journal, which a killed process loses with its life.

    Whoever gets it removes the line that a killed writer has left without its end, which would spoil the next one.
    """

    def __init__(self, journal: Path) -> None:
        self._journal, self._path = journal, journal.with_name(f"{journal.name}.lock")
        self._thread, self._handle = threading.Lock(), -1

    def acquire(self) -> bool:
        """Wait for the lock."""
        import fcntl

        self._thread.acquire()
        self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        fcntl.flock(self._handle, fcntl.LOCK_EX)
        mend(self._journal)
        return True

    def release(self) -> None:
        """Give it back."""
        os.close(self._handle)
        self._thread.release()


def mend(journal: Path) -> None:
    """Cut off a last line that has no end; called while nobody else writes."""
    with journal.open("r+b") as file:
        size = at = file.seek(0, os.SEEK_END)
        while at:
            start = max(0, at - 4096)
            file.seek(start)
            found = file.read(at - start).rfind(b"\n")
            if found >= 0:
                at = start + found + 1
                break
            at = start
        if at < size:
            file.truncate(at)


def open_study(spec: Spec, folder: Path, url: str | None = None, *, new: bool = True) -> optuna.Study:
    """The study of a sweep, made where there is none and `new` says so.

    Args:
        spec: what is swept.
        folder: of the sweep; the journal lies there.
        url: of a database in place of the journal.
        new: False refuses where there is no such sweep.

    Raises:
        InputError: the storage cannot be opened, is damaged, or holds another sweep of this name.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    if url is None and not new and not (folder / JOURNAL).is_file():
        raise InputError(f"{folder} holds no {JOURNAL} of a sweep; run the sweep first, or give its folder with --out.")
    up, down = StudyDirection.MAXIMIZE, StudyDirection.MINIMIZE
    directions = [up if objective == "accuracy" else down for objective in spec.objectives]
    try:
        storage = _journal(folder / JOURNAL) if url is None else _database(url)
        if new:
            study = optuna.create_study(
                study_name=spec.name,
                storage=storage,
                directions=directions,
                load_if_exists=True,
                sampler=OnceEach(spec),
            )
        else:
            study = optuna.load_study(study_name=spec.name, storage=storage, sampler=OnceEach(spec))
        known = study.user_attrs.get(SPEC)
        if known is None:
            study.set_user_attr(SPEC, spec.identity())
    except (ValueError, KeyError, TypeError, AssertionError) as error:
        place = "the database" if url is not None else str(folder / JOURNAL)
        if isinstance(error, KeyError) and not new:
            raise InputError(f"There is no sweep {spec.name!r} in {place}; run it first.") from error
        raise InputError(f"{place} is no storage of sweeps ({shown(str(error))}); choose another place.") from error
    if known is not None and known != spec.identity():
        differs = next(
            key for key in spec.identity() if not isinstance(known, dict) or known.get(key) != spec.identity()[key]
        )
        raise InputError(
            f"The storage holds a sweep {spec.name!r} with another {differs}; choose another --out or rename the SPEC."
        )
    return study


def _journal(path: Path) -> BaseStorage:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        open_regular(path, "journal of a sweep", "choose another --out").close()
    except OSError as error:
        raise InputError(f"Cannot write {path}: {error.strerror}; choose another --out.") from error
    try:
        import fcntl  # noqa: F401  # where the system knows no such locks, Optuna's own is taken
    except ImportError:
        return JournalStorage(JournalFileBackend(str(path)))
    return JournalStorage(JournalFileBackend(str(path), lock_obj=JournalLock(path)))


def _database(url: str) -> BaseStorage:
    """Passwords in the URL are not repeated in what is said."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        return RDBStorage(url, engine_kwargs={"connect_args": {"timeout": 60}} if url.startswith("sqlite") else None)
    except ImportError as error:
        raise InputError(f"The database needs a driver ({error}); install it, or leave --storage out.") from error
    except (SQLAlchemyError, ValueError, RuntimeError) as error:
        reason = str(error).partition("\n")[0].replace(url, "its URL")
        raise InputError(
            f"Cannot open the database of --storage ({reason}); give a URL such as sqlite:///s.db."
        ) from error
