"""Environments of their own for the counters of other libraries, which cannot live together with ours.

Each is a virtual environment under `.venv/counters` that sees our torch through a path file, made on first use.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

FOLDER = Path(sys.prefix) / "counters"
PEERS = {
    "neurobench": ("neurobench==2.3.0",),
    "sinabs": ("sinabs==3.1.3",),
    "spikingjelly": ("spikingjelly==2.0.0",),
    # syops declares no `progress` and imports neurons that only old versions of spikingjelly have
    "syops": ("--no-deps", "syops==0.0.5", "spikingjelly==0.0.0.0.12", "progress==1.6"),
}


def interpreter(peer: str) -> Path:
    """Python of the environment that has `peer`; installed if it is not there."""
    folder, wanted = FOLDER / peer, " ".join(PEERS[peer])
    python, done = folder / "bin" / "python", folder / ".installed"
    if done.exists() and done.read_text() == wanted:
        return python
    venv.create(folder, with_pip=True, clear=True)
    packages = next(folder.glob("lib/python*/site-packages"))
    (packages / "zz_snnhw.pth").write_text(sysconfig.get_path("purelib") + "\n")
    subprocess.run([python, "-m", "pip", "install", "--quiet", *PEERS[peer]], check=True, capture_output=True)
    done.write_text(wanted)
    return python


def version(peer: str) -> str:
    """The library with its version, as in a table."""
    return next(package for package in PEERS[peer] if package.startswith(peer)).replace("==", " ")
