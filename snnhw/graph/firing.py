"""When frameworks let a neuron fire and what they take off then, in the terms of `LIF`: one formula for every reader.

A `LIF` fires at u > threshold and resets in the same step. Others fire at u >= theta, take the threshold off one step
later, after the decay, or never; each of these is a `LIF` with another threshold or another `v_reset`.
"""

from __future__ import annotations

from typing import Literal, TypedDict

import numpy as np

from snnhw.errors import InputError
from snnhw.graph.nodes import Array

Reset = Literal["hard", "subtract", "subtract-late", "none"]
RESET_KINDS: tuple[Reset, ...] = ("hard", "subtract", "subtract-late", "none")


class Firing(TypedDict):
    """The fields of a `LIF` that say when it fires and what remains."""

    threshold: float | Array
    v_reset: float | Array
    reset: Literal["hard", "subtract"]


def firing(
    name: str, kind: Reset, theta: Array, v_reset: Array, decay: float | Array, *, fires_at_threshold: bool = False
) -> Firing:
    """The fields of the `LIF` called `name` that fires at `theta` and resets by `kind`.

    Args:
        name: of the node, for the error.
        kind: "hard" to `v_reset`; "subtract" theta - v_reset at once, "subtract-late" in the next step, after
            its decay, "none" leaves the membrane.
        theta: the threshold, a number or an array of the node's shape.
        v_reset: of the same kind.
        decay: share of the membrane that stays in a step.
        fires_at_threshold: it fires at u >= theta: with float32 membranes the same as u > the next lower float32.

    Raises:
        InputError: a late reset of a neuron that keeps nothing of a step.
    """
    theta, v_reset = np.asarray(theta, np.float64), np.asarray(v_reset, np.float64)
    taken_off = theta - v_reset
    if kind == "subtract-late":
        if np.any(np.equal(decay, 0)):
            raise InputError(
                f"Neuron {name!r} keeps nothing of a step, so no late reset; train it with a decay above 0."
            )
        taken_off = taken_off / decay  # the decay of the next step makes it whole again
    elif kind == "none":
        taken_off = np.zeros(())
    if fires_at_threshold:
        theta = np.nextafter(theta.astype(np.float32), np.float32(-np.inf)).astype(np.float64)
    if kind == "hard":
        return {"threshold": scalar(theta), "v_reset": scalar(v_reset), "reset": "hard"}
    return {"threshold": scalar(theta), "v_reset": scalar(theta - taken_off), "reset": "subtract"}


def scalar(value: Array) -> float | Array:
    """A number where all elements are equal, else the array."""
    return float(value.flat[0]) if (value == value.flat[0]).all() else value
