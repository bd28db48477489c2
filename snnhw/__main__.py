"""`snnhw` and `python -m snnhw`: the command line, which cleans up however it is told to end.

Ctrl-C, SIGTERM and SIGHUP become exceptions, so that temporary folders, locks and half-written files go. While a module
is being imported there is nothing to clean up yet, and an exception would become another or end the process in the way
of a library in C; it leaves at once then.
"""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType


def main() -> None:
    """Entry point of the program `snnhw`."""
    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        if signal.getsignal(number) is signal.SIG_DFL:  # else the caller has it ignored, as nohup does
            signal.signal(number, end)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, end)
    fill_standard()
    try:
        from snnhw.cli import main as run
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    run()


def fill_standard() -> None:
    """Open standard input, output and error where the caller has closed them; files would get their numbers."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free, which is this one
        if getattr(sys, name) is None:
            stream = os.fdopen(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False)
            setattr(sys, name, stream)


def end(number: int, frame: FrameType | None) -> None:
    """Handler of a signal.

    Raises:
        KeyboardInterrupt: it is Ctrl-C.
        SystemExit: it is another, with the exit code by which shells say which.
    """
    if importing():
        os._exit(128 + number)
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)


def importing() -> bool:
    """Whether a module is being imported."""
    specs = [getattr(module, "__spec__", None) for module in list(sys.modules.values())]
    return any(getattr(spec, "_initializing", False) is True for spec in specs)


if __name__ == "__main__":
    main()
