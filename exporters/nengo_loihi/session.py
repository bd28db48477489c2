"""A conversation with a worker in the interpreter of nengo-loihi, which runs one circuit after the other.

Starting Python and importing nengo takes longer than a small circuit, so whoever runs many keeps the session.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from snnhw.errors import InputError
from snnhw.exporters.interpreter import environment_of
from snnhw.exporters.lava.runtime.scratch import scratch_folder
from snnhw.exporters.nengo_loihi.env import find_interpreter
from snnhw.exporters.nengo_loihi.runtime.circuit import Array, Circuit

WORKER = Path(__file__).with_name("runtime") / "worker.py"
TIMEOUT_S = 600.0
ACCUMULATOR_BITS = 22  # of nengo-loihi's: what synapses send a neuron in a step is -32,768 to 32,767 weights
READ_BYTES = 65536


class NengoLoihiError(InputError):
    """The emulator failed; the message says why in one sentence, `traceback_text` holds what the worker printed."""

    def __init__(self, message: str, traceback_text: str = "") -> None:
        super().__init__(message)
        self.traceback_text = traceback_text


class RegisterError(NengoLoihiError):
    """A register of the emulator would have wrapped, and it stopped."""


@dataclass
class Session:
    """A worker that waits for circuits."""

    process: subprocess.Popen[bytes]
    folder: Path
    printed: IO[bytes]  # what it writes beside its answers

    def run(
        self,
        circuit: Circuit,
        frames: Array,
        bits: int = ACCUMULATOR_BITS,
        timeout_s: float = TIMEOUT_S,
        progress: Callable[[int], None] | None = None,
    ) -> dict[str, Array]:
        """The arrays that the emulator gives for integers [N, 1 or T, size], with accumulators of so many bits.

        Raises:
            RegisterError: a register would have wrapped.
            NengoLoihiError: it failed, or time ran out.
        """
        paths = [self.folder / name for name in ("circuit.npz", "input.npz", "output.npz")]
        with open(paths[0], "wb") as file:
            circuit.save(file)
        np.savez(paths[1], input=frames)
        self._ask(json.dumps([*map(str, paths), bits]))
        for answer in self._answers(time.monotonic() + timeout_s, timeout_s):
            if progress and isinstance(answer.get("progress"), int):
                progress(int(str(answer["progress"])))
            if "error" in answer:
                raise _error(answer)
            if answer.get("done"):
                break
        with np.load(paths[2], allow_pickle=False) as content:
            return {name: np.asarray(content[name]) for name in content.files}

    def _ask(self, line: str) -> None:
        if self.process.stdin is None:
            return
        with contextlib.suppress(BrokenPipeError):  # its answers end, and say so
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()

    def _answers(self, deadline: float, timeout_s: float) -> Iterator[dict[str, object]]:
        if self.process.stdout is None:
            return
        handle, rest = self.process.stdout.fileno(), b""
        with selectors.DefaultSelector() as selector:
            selector.register(handle, selectors.EVENT_READ)
            while True:
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    message = (
                        f"nengo-loihi did not finish within {timeout_s:g} s; allow more time or run fewer samples."
                    )
                    raise NengoLoihiError(message, self._words())
                data = os.read(handle, READ_BYTES)
                if not data:
                    message = "The worker of nengo-loihi ended without a result; memory is a frequent cause, run less."
                    raise NengoLoihiError(message, self._words())
                *lines, rest = (rest + data).split(b"\n")
                yield from (json.loads(line) for line in lines)

    def _words(self) -> str:
        self.printed.seek(0)
        return self.printed.read().decode(errors="replace")


@contextlib.contextmanager
def session(python: str | None = None) -> Iterator[Session]:
    """A worker, which ends with the block.

    Args:
        python: interpreter with nengo-loihi; by default the one that `env.find_interpreter` finds.

    Raises:
        InputError: there is no interpreter.
    """
    interpreter = python or find_interpreter()
    with scratch_folder("snnhw-nengo-") as folder, tempfile.TemporaryFile() as printed:
        try:
            process = subprocess.Popen(
                [interpreter, str(WORKER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=printed,
                start_new_session=True,
                env=environment_of(interpreter),
            )
        except OSError as error:
            raise InputError(f"Cannot start {interpreter} ({error.strerror}); run `snnhw nengo install`.") from error
        try:
            yield Session(process, folder, printed)
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # nothing of it is left
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            for end in (process.stdin, process.stdout):
                if end is not None:
                    with contextlib.suppress(BrokenPipeError):
                        end.close()


def _error(answer: dict[str, object]) -> NengoLoihiError:
    if answer.get("overflow"):
        return RegisterError(
            f"nengo-loihi stopped where a register would wrap ({answer['error']}): with accumulators of 22 bits, what "
            "synapses send a neuron in a step is -32,768 to 32,767; quantise with smaller weights or widen them."
        )
    return NengoLoihiError(
        f"nengo-loihi failed ({answer['error']}); its output is attached.", str(answer.get("traceback", ""))
    )
