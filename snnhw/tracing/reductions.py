"""Read-outs over time that are no mean and no sum: the last step, and the largest value of all steps."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import torch
import torch.fx

from snnhw.errors import InputError
from snnhw.graph.ir import Reduction
from snnhw.tracing.calls import dims, line
from snnhw.tracing.modules import readout
from snnhw.tracing.streams import Stream
from snnhw.tracing.unrolled import step_taken

PAIRS = (torch.max, "max")  # give (values, indices) where they are told an axis
LARGEST = (*PAIRS, torch.amax, "amax")


def ended(stream: Stream, name: Callable[[str], str], reduction: Reduction, steps: int) -> Stream:
    """`stream` behind a read-out of its own."""
    return stream.ended(readout(name("readout"), None, stream.shape, reduction), steps)


def largest(target: object, stream: Stream, args: tuple[Any, ...], named: dict[str, Any]) -> int | None:
    """T, where a call takes the largest value over time; None of another call."""
    options = {**dict(zip(("dim", "keepdim"), args, strict=False)), **named}
    steps = stream.steps
    if target not in LARGEST or options.get("keepdim") or not isinstance(steps, int):
        return None
    return steps if [d % len(stream.sizes) for d in dims(options.get("dim"))] == [stream.time_axis] else None


def first_of_pair(fx_node: torch.fx.Node, pairs: set[torch.fx.Node]) -> torch.fx.Node | None:
    """The call in `pairs`, of (values, indices), whose values a call takes; None where it takes something else.

    Raises:
        InputError: it takes the indices.
    """
    pair = fx_node.args[0] if fx_node.args else None
    if fx_node.target not in (operator.getitem, getattr) or not isinstance(pair, torch.fx.Node) or pair not in pairs:
        return None
    if fx_node.args[1] in (0, "values"):
        return pair
    raise InputError(f"A forward uses the step of the largest value{line(fx_node)}; return the value itself.")


def last_taken(fx_node: torch.fx.Node, stream: Stream | None, looping: bool) -> int | None:
    """T, where a call takes the last step of a sequence: x[-1], or x[T - 1] outside of loops; None of another call."""
    at = step_taken(fx_node)
    if at is None or stream is None or at[0] != stream.time_axis or not isinstance(steps := stream.steps, int):
        return None
    return steps if at[1] == -1 or (not looping and at[1] == steps - 1) else None
