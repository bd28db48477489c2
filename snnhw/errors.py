"""The one exception that means "your input", as opposed to "our bug".

Every message is one sentence that names the place and the remedy; the command line prints it and exits with 2.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

OFFERED = 3  # names that begin alike and are still told one by one


class InputError(Exception):
    """Something the user gave (file, shape, name, value) cannot be used; the message says where and what to do."""

    exit_code = 2  # of the command line


class FailedRunError(InputError):
    """What was given could be used, but the work came to no good end, such as a training whose loss became NaN."""

    exit_code = 1


def unknown(kind: str, name: object, known: Iterable[str], also: str = "") -> InputError:
    """The error for a name that does not exist: those that begin with it, else the nearest one, else all of them.

    Args:
        kind: what the name should have been of, such as "profile".
        name: what was given.
        known: the names that exist.
        also: what may be given instead of a name, such as "a .toml file".
    """
    names = list(known)
    begun = [known for known in names if known.startswith(str(name))] if str(name) else []
    near = begun if 0 < len(begun) <= OFFERED else difflib.get_close_matches(str(name), names, n=1)
    if near:
        return InputError(f"There is no {kind} {str(name)!r}; did you mean {' or '.join(map(repr, near))}?")
    choices = f"one of {', '.join(names)}" if names else ""
    remedy = " or ".join(part for part in (also, choices) if part)
    return InputError(f"There is no {kind} {str(name)!r}; give {remedy}.")
