"""Finding or making the Python interpreter that has lava-nc 0.10.0, which needs Python 3.10.

Order: this interpreter if it can import Lava; else the one that SNNHW_LAVA_PYTHON names; else the environment that
`install` makes, inside the virtual environment in use or, outside of one, in the user's cache folder.
"""

from __future__ import annotations

import functools
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from snnhw.errors import InputError
from snnhw.exporters.lava.answer import answer_of
from snnhw.gates.text import visible

VARIABLE = "SNNHW_LAVA_PYTHON"
LAVA_VERSION = "0.10.0"
FOLDER = "snnhw-lava"
PROBE_TIMEOUT_S = 120.0
LONGEST_REASON = 300  # characters
REMEDY = "run `snnhw lava install`"
# imports what the worker imports, so that an environment that passes is complete
PROBE = """
import json
from importlib.metadata import version
import asteval, networkx, numpy, scipy.signal
import lava.proc.conv.models, lava.proc.dense.models, lava.proc.lif.models
import lava.magma.compiler.compiler, lava.magma.runtime.runtime
print(json.dumps([version("lava-nc"), numpy.__version__]))
"""


@dataclass(frozen=True)
class LavaStatus:
    """The interpreter that Lava runs in, or what is wrong."""

    path: str | None
    version: str | None  # of lava-nc
    problem: str | None  # one sentence with the remedy; None when it works

    @property
    def works(self) -> bool:
        """True when Lava can run."""
        return self.problem is None


def status() -> LavaStatus:
    """Which interpreter would be used, and whether it works."""
    named = os.environ.get(VARIABLE)
    if not named and _imports_lava_here():
        return probe(sys.executable)
    if named:
        found = probe(named)
        if found.works:
            return found
        return LavaStatus(named, found.version, f"{VARIABLE} names {named}, but {found.problem}")
    path = environment_folder() / "bin" / "python"
    if not path.exists():
        return LavaStatus(None, None, f"There is no Python interpreter with lava-nc {LAVA_VERSION}; {REMEDY}.")
    return probe(str(path))


def find_interpreter() -> str:
    """Path of the interpreter.

    Raises:
        InputError: there is none, or the one that is named does not work.
    """
    found = status()
    if found.path is None or found.problem is not None:
        raise InputError(found.problem or f"There is no Lava interpreter; {REMEDY}.")
    return found.path


def environment_folder() -> Path:
    """Where `install` puts the environment."""
    if sys.prefix != sys.base_prefix:
        return Path(sys.prefix) / FOLDER
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(cache) / "snnhw" / FOLDER


def environment_of(python: str) -> dict[str, str]:
    """Environment variables for `python`: another interpreter must not see this one's module path."""
    environment = dict(os.environ)
    if Path(python) != Path(sys.executable):
        for name in ("PYTHONPATH", "PYTHONHOME"):
            environment.pop(name, None)
    return environment | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def _imports_lava_here() -> bool:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("lava-nc") == LAVA_VERSION and sys.version_info[:2] == (3, 10)
    except PackageNotFoundError:
        return False


def probe(python: str, *, again: bool = False) -> LavaStatus:
    """Whether `python` can run Lava; remembered for this process unless `again`."""
    if again:
        _probe_once.cache_clear()
    return _probe_once(python)


@functools.lru_cache(maxsize=8)
def _probe_once(python: str) -> LavaStatus:
    if not Path(python).exists():
        return LavaStatus(python, None, f"there is no file {python}; {REMEDY} or name another interpreter.")
    try:
        said = answer_of([python, "-c", PROBE], timeout_s=PROBE_TIMEOUT_S, environment=environment_of(python))
    except OSError as error:
        return LavaStatus(python, None, f"it cannot be started ({error.strerror}); {REMEDY}.")
    if said.endless:
        return LavaStatus(python, None, f"{python} prints without end, which Python with Lava does not; {REMEDY}.")
    if said.code is None:
        return LavaStatus(python, None, f"it did not import Lava within {PROBE_TIMEOUT_S:.0f} s; {REMEDY}.")
    lines = said.text.strip().splitlines()
    if said.code != 0 or not lines:
        reason = visible((lines or [f"exit code {said.code}"])[-1])[:LONGEST_REASON]
        return LavaStatus(python, None, f"{python} cannot import Lava ({reason}); {REMEDY}.")
    version = next(filter(None, map(_version, reversed(lines))), None)  # warnings may stand behind it
    if version is None:
        return LavaStatus(python, None, f"{python} does not answer as Python with Lava does; {REMEDY}.")
    if version != LAVA_VERSION:
        return LavaStatus(python, version, f"{python} has lava-nc {version}; {REMEDY} to get {LAVA_VERSION}.")
    return LavaStatus(python, version, None)


def _version(line: str) -> str | None:
    """The version of lava-nc in the probe's answer; None where it is another."""
    try:
        answer = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return answer[0] if isinstance(answer, list) and answer and isinstance(answer[0], str) else None
