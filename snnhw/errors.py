"""The one exception that means "your input", as opposed to "our bug".

Every message is one sentence that names the place and the remedy; the command line prints it and exits with 2.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class InputError(Exception):
    """Something the user gave (file, shape, name, value) cannot be used; the message says where and what to do."""

    exit_code = 2  # of the command line


class FailedRunError(InputError):
    """What was given could be used, but the work came to no good end, such as a training whose loss became NaN."""

    exit_code = 1


def unknown(kind: str, name: object, known: Iterable[str], also: str = "") -> InputError:
    """The error for a name that does not exist: the nearest one that does, else all of them.

    Args:
        kind: what the name should have been of, such as "profile".
        name: what was given.
        known: the names that exist.
        also: what may be given instead of a name, such as "a .toml file".
    """
    names = list(known)
    near = difflib.get_close_matches(str(name), names, n=1)
    if near:
        return InputError(f"There is no {kind} {str(name)!r}; did you mean {near[0]!r}?")
    choices = f"one of {', '.join(names)}" if names else ""
    remedy = " or ".join(part for part in (also, choices) if part)
    return InputError(f"There is no {kind} {str(name)!r}; give {remedy}.")
