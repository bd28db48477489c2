"""How many bytes the content of a file may take: half of the machine's memory, or what SNNHW_MAX_GIB says."""

from __future__ import annotations

import math
import os
from pathlib import Path

from snnhw.errors import InputError

VARIABLE = "SNNHW_MAX_GIB"
GIB = 2**30
SHARE = 0.5  # of the memory; the rest is for what is made of the content
CGROUP = Path("/sys/fs/cgroup/memory.max")  # what a container may take, where there is one
UNKNOWN_BYTES = 4 * GIB  # where the system does not say how much memory it has


def max_bytes() -> int:
    """Bytes that the content of one file may take.

    Raises:
        InputError: SNNHW_MAX_GIB is no number above 0.
    """
    given = os.environ.get(VARIABLE)
    if given is None:
        return int(SHARE * memory_bytes())
    try:
        gib = float(given)
    except ValueError:
        gib = math.nan
    if not 0 < gib < math.inf:
        raise InputError(f"{VARIABLE} is {given!r}; give the GiB that a file may take as a number above 0.")
    return int(gib * GIB)


def memory_bytes() -> int:
    """Memory of the machine, or of the container if that is less."""
    try:
        machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        machine = UNKNOWN_BYTES
    try:
        container = int(CGROUP.read_text(encoding="ascii"))
    except (OSError, ValueError):  # no such file, or "max"
        return machine
    return min(machine, container)


def check_size(size: int, what: str) -> None:
    """Nothing, where `size` bytes may be taken.

    Raises:
        InputError: they are more than `max_bytes`; `what` begins the sentence, such as "Array 'input' of a.npz".
    """
    most = max_bytes()
    if size > most:
        raise InputError(
            f"{what} takes {in_words(size)} where {in_words(most)} are allowed; make it smaller or set {VARIABLE} "
            "to more GiB."
        )


def in_words(size: int) -> str:
    """Bytes as people read them, such as "1.5 GiB"."""
    if size >= 2**80:
        return "more than any machine has"
    value, units = float(size), ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    while value >= 1024 and len(units) > 1:
        value, units = value / 1024, units[1:]
    return f"{value:.4g} {units[0]}"
