"""One step becomes a sequence: steps that are stacked, and one frame that is shown in every step."""

from __future__ import annotations

import dataclasses
from typing import Any

import torch

from snnhw.tracing.sizes import Rows
from snnhw.tracing.streams import Stream

UNSQUEEZES = ("unsqueeze", torch.unsqueeze)
REPEATS = ("repeat", "expand")


def stacked(stream: Stream, steps: int, dim: object) -> Stream | None:
    """`steps` steps of a value along a new axis, the first or the second; None along another."""
    if stream.axes != "step" or dim not in (0, 1):
        return None
    if dim == 0:
        return stream.all_steps(steps)
    return dataclasses.replace(stream, lead=(*stream.lead, steps), batch_first=True)


def shown(target: object, stream: Stream, args: tuple[Any, ...]) -> Stream | None:
    """A frame [1, B, ...] or [B, ...] that a call repeats along a first axis of its own; None of another call."""
    if target in UNSQUEEZES:
        return stream.all_steps(1) if args == (0,) and stream.axes == "step" else None
    if target not in REPEATS:
        return None
    steps, *rest = args[0] if len(args) == 1 and isinstance(args[0], tuple) else args or (None,)
    alone = stream.lead == (1, Rows())
    if not (alone or stream.axes == "step") or not isinstance(steps, int) or len(rest) != 1 + len(stream.shape):
        return None
    if any(n not in (1, -1, size) for n, size in zip(rest, (Rows(), *stream.shape), strict=True)):
        return None
    return dataclasses.replace(stream, lead=(steps, Rows()))
