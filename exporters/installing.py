"""Making the environment of a library that runs in an interpreter of its own, in the first of several ways that works.

The environment counts as made when it imports the library, so one that was interrupted is made again; a lock keeps two
installers apart.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from snnhw.errors import InputError
from snnhw.exporters.interpreter import Library, Status, environment_folder, environment_of, probe

STEP_TIMEOUT_S = 900.0
Commands = list[list[str]]


def install_in(
    library: Library,
    ways: Callable[[Path], Iterable[tuple[str, Commands]]],
    needs: str,
    progress: Callable[[str], None] | None = None,
    folder: Path | None = None,
) -> Status:
    """Make the environment, or find it made.

    Args:
        library: what it is for.
        ways: folder -> (name, commands) of every way to make it that this machine offers.
        needs: what to say where none of them works, "because it needs ...; ...".
        progress: called with one line per step.
        folder: where to make it; by default `environment_folder`.

    Raises:
        InputError: no way works; nothing half-made is left.
    """
    folder = folder or environment_folder(library)
    tell = progress or (lambda line: None)
    with _lock(folder):
        python = folder / "bin" / "python"
        found = probe(library, str(python), again=True)
        if found.works:
            tell(f"{library.title} is ready in {folder}")
            return found
        tried: list[str] = []
        for name, commands in ways(folder):
            tell(f"Making {folder} with {name}")
            problem = _attempt(library, folder, commands)
            if problem is None:
                tell(f"{library.title} is ready in {folder}")
                return probe(library, str(python))
            tried.append(f"{name}: {problem}")
        raise InputError(
            f"There is no {library.title} environment yet, {needs} and try again "
            f"(tried: {'; '.join(tried) or 'nothing found'})."
        )


def ways_with(
    pythons: Iterable[str], uv_version: str, requirements: Path, folder: Path
) -> Iterator[tuple[str, Commands]]:
    """venv and pip of each interpreter, then uv, which can fetch one of `uv_version`."""
    packages = ["--quiet", "--disable-pip-version-check", "-r", str(requirements)]
    inside = str(folder / "bin" / "python")
    for python in pythons:
        yield python, [[python, "-m", "venv", str(folder)], [inside, "-m", "pip", "install", *packages]]
    uv = shutil.which("uv")
    if uv:
        yield (
            uv,
            [
                [uv, "venv", "--quiet", "--python", uv_version, str(folder)],
                [uv, "pip", "install", "--quiet", "--python", inside, "-r", str(requirements)],
            ],
        )


def _attempt(library: Library, folder: Path, commands: Commands) -> str | None:
    """Run the commands; what went wrong, or None. A half-made folder is removed."""
    made = False
    try:
        shutil.rmtree(folder, ignore_errors=True)
        for command in commands:
            problem = _run(command)
            if problem:
                return problem
        found = probe(library, str(folder / "bin" / "python"), again=True)
        made = found.works
        return found.problem
    finally:
        if not made:
            shutil.rmtree(folder, ignore_errors=True)


def _run(command: list[str]) -> str | None:
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=STEP_TIMEOUT_S,
            env=environment_of(command[0]),
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    lines = (done.stderr or done.stdout).strip().splitlines()
    return None if done.returncode == 0 else (lines or [f"exit code {done.returncode}"])[-1]


@contextlib.contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """One installer at a time; the lock goes with the process."""
    import fcntl

    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with open(folder.parent / f".{folder.name}.lock", "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
    except PermissionError as error:
        raise InputError(f"Cannot write {folder.parent}; choose a folder that you may write to.") from error
