"""Interpreters that have other frameworks, each in an environment of its own beside the torch that runs this."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

import torch


def interpreter(packages: tuple[str, ...], folder: Path, *options: str) -> Path:
    """Interpreter that has `packages`, made once below `folder`; the one that runs this where there are none.

    `options` go to pip. Packages of the environment come before those that it shares with this one.
    """
    if not packages:
        return Path(sys.executable)
    home = folder / packages[0].replace("==", "-")
    python = home / "bin" / "python"
    if not (home / "ready").exists():
        venv.create(home, with_pip=True, clear=True)
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        shared = Path(torch.__file__).parents[1]
        (home / "lib" / version / "site-packages" / "shared.pth").write_text(f"{shared}\n")
        command = [str(python), "-m", "pip", "install", "--quiet", *options, *packages]
        subprocess.run(command, check=True, capture_output=True)
        (home / "ready").touch()
    return python
