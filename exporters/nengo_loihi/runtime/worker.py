"""Runs circuits in nengo-loihi's emulator: `python worker.py`, one request a line, one answer in JSON a line.

A request is a JSON list: the paths of a circuit, of samples (.npz with `input`, integers [N, 1 or T, size]) and of the
result, and the bits of the synapse accumulator. An answer holds `progress` (samples finished since the last), `done`,
or `error` with `traceback`. It ends with its input.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
import warnings
from pathlib import Path

if not __package__:  # started as a file: give the relative imports their package
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    __package__ = Path(__file__).resolve().parent.name
    __import__(__package__)

import numpy as np

from .circuit import load_circuit

ANSWERS = 1  # the file that they are written to


def answer(**message: object) -> None:
    """One line, in one write."""
    os.write(ANSWERS, json.dumps(message).encode() + b"\n")


def serve(circuit: str, samples: str, result: str, bits: int) -> None:
    """Run one circuit."""
    from .emulate import WrappedError, run

    try:
        with np.load(samples, allow_pickle=False) as content:
            frames = content["input"]
        arrays = run(load_circuit(Path(circuit)), frames, bits, lambda done: answer(progress=done))
        with open(result, "wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        answer(done=True)
    except WrappedError as error:
        answer(error=str(error), overflow=True)
    except Exception as error:
        answer(error=f"{type(error).__name__}: {error}", traceback=traceback.format_exc())


def main() -> None:
    """Answer until there are no requests."""
    warnings.simplefilter("ignore")  # it fills arrays of integers with NaN before it sets them
    for line in sys.stdin:
        serve(*json.loads(line))


if __name__ == "__main__":
    ANSWERS = os.dup(1)
    os.dup2(2, 1)  # what libraries print goes with the errors
    main()
