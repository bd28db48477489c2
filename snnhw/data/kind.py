"""What the values of samples are: analogue, or events, i.e. counts of spikes that arrive in a step.

Data sets and users state it. Otherwise it is concluded, from all values of the data and never from those that happen to
be taken: whole numbers, none negative and not all zero, in samples that have time steps are events. Images without
steps are analogue, whatever their numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from snnhw.errors import InputError, unknown
from snnhw.graph.ir import Array

Stated = Literal["analogue", "events"]
KINDS: tuple[Stated, ...] = ("analogue", "events")
BLOCK = 1 << 16  # values looked at in one go, so that memory does not grow with the data


@dataclass(frozen=True)
class InputKind:
    """What is stated about samples, and what their values would allow."""

    stated: Stated | None = None  # by the data set or the user; None: to be concluded
    largest: int | None = None  # the largest value, if all are whole numbers and none is negative
    by_user: bool = False  # who stated it, and not the data set

    def levels(self, *, steps: bool) -> int | None:
        """n where the samples are events 0..n, None where they are analogue; `steps`: they have an axis of time."""
        if self.stated is not None:
            return (self.largest or 1) if self.stated == "events" else None
        return (self.largest or None) if steps else None


UNKNOWN = InputKind()


def kind_of(values: Array, stated: str | None = None, name: str = "the data") -> InputKind:
    """The kind of all `values` [N, ...] of the data called `name`.

    Raises:
        InputError: there is no such kind, or events are stated and a sample holds another value.
    """
    if stated is not None and stated not in KINDS:
        raise unknown("kind of input", stated, KINDS)
    other = _first_without_events(values)
    if stated == "events" and other is not None:
        raise InputError(
            f"Sample {other} of {name} holds values that are no whole numbers from 0, so it is no sample of events; "
            "leave --input-kind events out."
        )
    largest = int(values.max(initial=0)) if other is None else None
    return InputKind(next((kind for kind in KINDS if kind == stated), None), largest)


def _first_without_events(values: Array) -> int | None:
    """The first sample with a fraction, a negative or no number, looked for in blocks."""
    if values.dtype.kind in "ub":
        return None
    at_once = max(1, BLOCK // max(1, values[:1].size))
    for start in range(0, len(values), at_once):
        block = values[start : start + at_once]
        wrong = ~((block >= 0) & (block == np.floor(block)) & (block < np.inf))
        if wrong.any():
            return start + int(np.argwhere(wrong)[0][0])
    return None
