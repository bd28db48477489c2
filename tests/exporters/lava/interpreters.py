"""Interpreters that are not what they seem, and programs that can be interrupted wherever the tests run."""

import signal


def fake_python(path, body):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


def interruptible():
    """Before a program starts: Ctrl-C ends it, also where the tests run in a background shell, which ignores it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
