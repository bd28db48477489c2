"""What an energy covers of the machine, from the arithmetic alone to the whole board, in words for everybody.

One run of one chip differs by up to a hundredfold between its cores and its board, so two energies are compared only
where they cover the same. A scope may join several with " + ", such as "core_dynamic + chip_static".
"""

from __future__ import annotations

from snnhw.errors import InputError

UNSTATED = "unstated"
JOIN = " + "
SCOPES = {
    "arithmetic": "the arithmetic alone",
    "memory": "arithmetic and memory accesses",
    "movement": "arithmetic and the travelling bits",
    "core_dynamic": "the work of the cores in use",
    "core_static": "what the cores in use draw while they wait",
    "x86": "the processors embedded in the chip",
    "chip_dynamic": "the work of the whole chip",
    "chip_static": "what the whole chip draws while it waits",
    "chip": "everything that the chip draws",
    "board": "everything that the board draws",
    "processor": "everything that a busy processor draws",
    "package_dynamic": "what the work adds to the draw of the processor package",
    "package": "everything that the processor package draws",
    "gpu_board_dynamic": "what the work adds to the draw of the GPU board",
    "gpu_board": "everything that the GPU board draws",
    UNSTATED: "what it covers is not stated",
}

WAITING_INSIDE = ("chip", "board", "processor", "package", "gpu_board")  # also what is drawn without work
WAITING = ("core_static", "chip_static")  # nothing else
OF_THIS_MACHINE = ("package", "gpu_board")  # what a counter of a computer covers; "_dynamic": above its idle power


def check_scope(scope: str, where: str) -> str:
    """The scope itself.

    Raises:
        InputError: a part of it is no scope.
    """
    for part in scope.split(JOIN):
        if part not in SCOPES:
            raise InputError(f"{where}: scope {part!r} is unknown; join with {JOIN!r} of {', '.join(SCOPES)}.")
    return scope


def scope_words(scope: str) -> str:
    """The scope as a phrase: "the work of the cores in use and what the whole chip draws while it waits"."""
    return " and ".join(SCOPES[part] for part in scope.split(JOIN))


def with_static(scope: str) -> str:
    """The scope of an energy to which the static power of whole chips was added."""
    if scope == "chip_dynamic":
        return "chip"
    return scope if scope in (*WAITING_INSIDE, UNSTATED) else scope + JOIN + "chip_static"


def holds_waiting(scope: str) -> bool:
    """Whether the energy also holds what is drawn without work."""
    return any(part in (*WAITING, *WAITING_INSIDE) for part in scope.split(JOIN))
