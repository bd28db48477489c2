"""Making the environment that holds nengo-loihi, of the Python in use; where that cannot make one, of uv."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from snnhw.exporters.installing import install_in, ways_with
from snnhw.exporters.interpreter import Status
from snnhw.exporters.nengo_loihi.env import NENGO_LOIHI

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
NEEDS = "because it needs the Python package index and the module venv of Python; reach the index, install venv or uv"


def install(progress: Callable[[str], None] | None = None, folder: Path | None = None) -> Status:
    """Make the environment, or find it made; arguments and errors as of `install_in`."""
    version = ".".join(map(str, sys.version_info[:2]))
    return install_in(
        NENGO_LOIHI, lambda place: ways_with([sys.executable], version, REQUIREMENTS, place), NEEDS, progress, folder
    )
