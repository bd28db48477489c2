"""The Python interpreter that has nengo-loihi 1.1.0 (`snnhw.exporters.interpreter` finds it)."""

from __future__ import annotations

from snnhw.exporters.interpreter import Library, Status, interpreter_of, status_of

# imports what the worker imports, so that an environment that passes is complete
PROBE = """
import json
from importlib.metadata import version
import numpy, scipy.sparse
import nengo_loihi.block, nengo_loihi.builder, nengo_loihi.inputs, nengo_loihi.emulator.interface
print(json.dumps([version("nengo-loihi"), version("nengo"), numpy.__version__]))
"""
NENGO_LOIHI = Library(
    title="nengo-loihi",
    package="nengo-loihi",
    version="1.1.0",
    variable="SNNHW_NENGO_PYTHON",
    folder="snnhw-nengo",
    remedy="run `snnhw nengo install`",
    probe=PROBE,
)


def status() -> Status:
    """Which interpreter would be used, and whether it works."""
    return status_of(NENGO_LOIHI)


def find_interpreter() -> str:
    """Path of the interpreter.

    Raises:
        InputError: there is none, or the one that is named does not work.
    """
    return interpreter_of(NENGO_LOIHI)
