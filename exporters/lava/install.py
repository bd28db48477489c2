"""Making the Python 3.10 environment that holds lava-nc, from whichever Python 3.10 the machine has.

Tried in this order: `python3.10` on the path, the 3.10 versions of pyenv, uv (which can fetch one). The environment
counts as made when it imports Lava, so one that was interrupted is made again; a lock keeps two installers apart.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from snnhw.errors import InputError
from snnhw.exporters.lava.env import LavaStatus, environment_folder, environment_of, probe

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
STEP_TIMEOUT_S = 900.0


def install(progress: Callable[[str], None] | None = None, folder: Path | None = None) -> LavaStatus:
    """Make the environment, or find it made.

    Args:
        progress: called with one line per step.
        folder: where to make it; by default `environment_folder()`.

    Raises:
        InputError: there is no Python 3.10, or packages cannot be installed; nothing half-made is left.
    """
    folder = folder or environment_folder()
    tell = progress or (lambda line: None)
    with _lock(folder):
        python = folder / "bin" / "python"
        found = probe(str(python), again=True)
        if found.works:
            tell(f"Lava is ready in {folder}")
            return found
        tried: list[str] = []
        for name, make in _ways(folder):
            tell(f"Making {folder} with {name}")
            problem = _attempt(folder, make)
            if problem is None:
                tell(f"Lava is ready in {folder}")
                return probe(str(python))
            tried.append(f"{name}: {problem}")
        raise InputError(
            "There is no Lava environment yet, because it needs Python 3.10 and the Python package index; "
            f"install python3.10 or uv and try again (tried: {'; '.join(tried) or 'nothing found'})."
        )


def pythons_310() -> list[str]:
    """Python 3.10 interpreters of this machine: on the path, then of pyenv."""
    found = [path for path in [shutil.which("python3.10")] if path and _is_310(path)]
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    found += sorted((str(p) for p in root.glob("versions/3.10.*/bin/python3.10") if _is_310(str(p))), reverse=True)
    return found


def _ways(folder: Path) -> Iterator[tuple[str, list[list[str]]]]:
    """(name, commands) of every way to make the environment that this machine offers."""
    packages = ["--quiet", "--disable-pip-version-check", "-r", str(REQUIREMENTS)]
    inside = str(folder / "bin" / "python")
    for python in pythons_310():
        yield python, [[python, "-m", "venv", str(folder)], [inside, "-m", "pip", "install", *packages]]
    uv = shutil.which("uv")
    if uv:
        yield (
            uv,
            [
                [uv, "venv", "--quiet", "--python", "3.10", str(folder)],
                [uv, "pip", "install", "--quiet", "--python", inside, "-r", str(REQUIREMENTS)],
            ],
        )


def _attempt(folder: Path, commands: list[list[str]]) -> str | None:
    """Run the commands; what went wrong, or None. A half-made folder is removed."""
    made = False
    try:
        shutil.rmtree(folder, ignore_errors=True)
        for command in commands:
            problem = _run(command)
            if problem:
                return problem
        found = probe(str(folder / "bin" / "python"), again=True)
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


def _is_310(python: str) -> bool:
    """True for a working CPython 3.10 (a pyenv shim exists even where no version is chosen)."""
    if Path(python).resolve() == Path(sys.executable).resolve():
        return sys.version_info[:2] == (3, 10)
    try:
        code = "import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 10))"
        return subprocess.run([python, "-c", code], capture_output=True, timeout=60, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


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
