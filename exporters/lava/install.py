"""Making the Python 3.10 environment that holds lava-nc, from whichever Python 3.10 the machine has.

Tried in this order: `python3.10` on the path, the 3.10 versions of pyenv, uv (which can fetch one).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from snnhw.exporters.installing import install_in, ways_with
from snnhw.exporters.interpreter import Status
from snnhw.exporters.lava.env import LAVA

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
NEEDS = "because it needs Python 3.10 and the Python package index; install python3.10 or uv"


def install(progress: Callable[[str], None] | None = None, folder: Path | None = None) -> Status:
    """Make the environment, or find it made; arguments and errors as of `install_in`."""
    return install_in(
        LAVA, lambda place: ways_with(pythons_310(), "3.10", REQUIREMENTS, place), NEEDS, progress, folder
    )


def pythons_310() -> list[str]:
    """Python 3.10 interpreters of this machine: on the path, then of pyenv."""
    found = [path for path in [shutil.which("python3.10")] if path and _is_310(path)]
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    found += sorted((str(p) for p in root.glob("versions/3.10.*/bin/python3.10") if _is_310(str(p))), reverse=True)
    return found


def _is_310(python: str) -> bool:
    """True for a working CPython 3.10 (a pyenv shim exists even where no version is chosen)."""
    if Path(python).resolve() == Path(sys.executable).resolve():
        return sys.version_info[:2] == (3, 10)
    try:
        code = "import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 10))"
        return subprocess.run([python, "-c", code], capture_output=True, timeout=60, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
