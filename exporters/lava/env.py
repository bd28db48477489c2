"""The Python interpreter that has lava-nc 0.10.0, which needs Python 3.10 (`snnhw.exporters.interpreter` finds it)."""

from __future__ import annotations

from snnhw.exporters.interpreter import Library, Status, interpreter_of, status_of

# imports what the worker imports, so that an environment that passes is complete
PROBE = """
import json
from importlib.metadata import version
import asteval, networkx, numpy, scipy.signal
import lava.proc.conv.models, lava.proc.dense.models, lava.proc.lif.models
import lava.magma.compiler.compiler, lava.magma.runtime.runtime
print(json.dumps([version("lava-nc"), numpy.__version__]))
"""
LAVA = Library(
    title="Lava",
    package="lava-nc",
    version="0.10.0",
    variable="SNNHW_LAVA_PYTHON",
    folder="snnhw-lava",
    remedy="run `snnhw lava install`",
    probe=PROBE,
    python=(3, 10),
)


def status() -> Status:
    """Which interpreter would be used, and whether it works."""
    return status_of(LAVA)


def find_interpreter() -> str:
    """Path of the interpreter.

    Raises:
        InputError: there is none, or the one that is named does not work.
    """
    return interpreter_of(LAVA)
