"""A temporary folder that goes with the run, also when the program is told to end by SIGTERM or SIGHUP."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

SIGNALS = ("SIGTERM", "SIGHUP")


class _Ended(BaseException):
    """A signal that ends the program, on its way through the blocks that clean up."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def scratch_folder(prefix: str) -> Iterator[Path]:
    """An empty folder that is removed at the end of the block.

    Signals that the program handles or ignores already are left to it.
    """
    caught = None
    taken = [getattr(signal, name) for name in SIGNALS if hasattr(signal, name)]
    here = threading.current_thread() is threading.main_thread()
    taken = [number for number in taken if here and signal.getsignal(number) is signal.SIG_DFL]

    def end(number: int, frame: FrameType | None) -> None:
        for other in taken:
            signal.signal(other, signal.SIG_IGN)  # a second one would interrupt the cleaning up
        raise _Ended(number)

    try:
        for number in taken:
            signal.signal(number, end)
        with tempfile.TemporaryDirectory(prefix=prefix) as folder:
            yield Path(folder)
    except _Ended as ended:
        caught = ended.number
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)
        if caught is not None:
            os.kill(os.getpid(), caught)  # ends as it would have without us, so that the caller sees why
