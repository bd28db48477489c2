"""Finding the Python interpreter of a library that runs in one of its own.

Order: this interpreter if it has the library; else the one that the library's variable names; else the environment that
its `install` makes, inside the virtual environment in use or, outside of one, in the user's cache folder.
"""

from __future__ import annotations

import functools
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from snnhw.errors import InputError
from snnhw.exporters.answer import answer_of
from snnhw.gates.text import visible

PROBE_TIMEOUT_S = 120.0
LONGEST_REASON = 300  # characters


@dataclass(frozen=True)
class Library:
    """A library that runs in an interpreter of its own."""

    title: str  # in messages
    package: str  # on the Python package index
    version: str
    variable: str  # of the shell, that names an interpreter
    folder: str  # of the environment that `install` makes
    remedy: str  # what makes it
    probe: str  # a program that imports what the worker imports, and prints a JSON list that begins with the version
    python: tuple[int, int] | None = None  # the one version of Python that it runs in; None for any


@dataclass(frozen=True)
class Status:
    """The interpreter that a library runs in, or what is wrong."""

    path: str | None
    version: str | None  # of the library
    problem: str | None  # one sentence with the remedy; None when it works

    @property
    def works(self) -> bool:
        """True when the library can run."""
        return self.problem is None


def status_of(library: Library) -> Status:
    """Which interpreter would be used, and whether it works."""
    named = os.environ.get(library.variable)
    if not named and _is_here(library):
        return probe(library, sys.executable)
    if named:
        found = probe(library, named)
        if found.works:
            return found
        return Status(named, found.version, f"{library.variable} names {named}, but {found.problem}")
    try:
        path = environment_folder(library) / "bin" / "python"
    except InputError as error:
        return Status(None, None, str(error))
    if not path.exists():
        what = f"{library.package} {library.version}"
        return Status(None, None, f"There is no Python interpreter with {what}; {library.remedy}.")
    return probe(library, str(path))


def interpreter_of(library: Library) -> str:
    """Path of the interpreter.

    Raises:
        InputError: there is none, or the one that is named does not work.
    """
    found = status_of(library)
    if found.path is None or found.problem is not None:
        raise InputError(found.problem or f"There is no interpreter for {library.title}; {library.remedy}.")
    return found.path


def environment_folder(library: Library) -> Path:
    """Where `install` puts the environment.

    Raises:
        InputError: nobody knows the home folder.
    """
    if sys.prefix != sys.base_prefix:
        return Path(sys.prefix) / library.folder
    try:
        cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    except RuntimeError as error:
        raise InputError("The home folder is not known; set HOME or XDG_CACHE_HOME.") from error
    return Path(cache) / "snnhw" / library.folder


def environment_of(python: str) -> dict[str, str]:
    """Environment variables for `python`: another interpreter must not see this one's module path."""
    environment = dict(os.environ)
    if Path(python) != Path(sys.executable):
        for name in ("PYTHONPATH", "PYTHONHOME"):
            environment.pop(name, None)
    return environment | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def _is_here(library: Library) -> bool:
    from importlib.metadata import PackageNotFoundError, version

    try:
        fits = library.python is None or sys.version_info[:2] == library.python
        return fits and version(library.package) == library.version
    except PackageNotFoundError:
        return False


def probe(library: Library, python: str, *, again: bool = False) -> Status:
    """Whether `python` can run the library; remembered for this process unless `again`."""
    if again:
        _probe_once.cache_clear()
    return _probe_once(library, python)


@functools.lru_cache(maxsize=8)
def _probe_once(library: Library, python: str) -> Status:
    title, remedy = library.title, library.remedy
    if not Path(python).exists():
        return Status(python, None, f"there is no file {python}; {remedy} or name another interpreter.")
    try:
        said = answer_of([python, "-c", library.probe], timeout_s=PROBE_TIMEOUT_S, environment=environment_of(python))
    except OSError as error:
        return Status(python, None, f"it cannot be started ({error.strerror}); {remedy}.")
    if said.endless:
        return Status(python, None, f"{python} prints without end, which Python with {title} does not; {remedy}.")
    if said.code is None:
        return Status(python, None, f"it did not import {title} within {PROBE_TIMEOUT_S:.0f} s; {remedy}.")
    lines = said.text.strip().splitlines()
    if said.code != 0 or not lines:
        reason = visible((lines or [f"exit code {said.code}"])[-1])[:LONGEST_REASON]
        return Status(python, None, f"{python} cannot import {title} ({reason}); {remedy}.")
    version = next(filter(None, map(_version, reversed(lines))), None)  # warnings may stand behind it
    if version is None:
        return Status(python, None, f"{python} does not answer as Python with {title} does; {remedy}.")
    if version != library.version:
        has = f"{python} has {library.package} {version}"
        return Status(python, version, f"{has}; {remedy} to get {library.version}.")
    return Status(python, version, None)


def _version(line: str) -> str | None:
    """The version of the library in the probe's answer; None where it is another."""
    try:
        answer = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return answer[0] if isinstance(answer, list) and answer and isinstance(answer[0], str) else None
