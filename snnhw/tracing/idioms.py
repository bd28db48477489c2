"""What public forward methods write: differences, multiples, joined and moved tensors, time made by repeating.

Each function takes the network as it grows (`Growing`), the stream and the rest of the call, and gives the stream
behind it, or None where the call is another idiom.
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from torch import Tensor

from snnhw.errors import InputError
from snnhw.graph.ir import Readout, Scale, Wires
from snnhw.tracing import calls
from snnhw.tracing.derived import held
from snnhw.tracing.functional import LAYERS
from snnhw.tracing.modules import TRACE, Built
from snnhw.tracing.rearrange import JOINS, MOVES, joined, wires
from snnhw.tracing.sizes import Rows
from snnhw.tracing.streams import Stream


@dataclass(frozen=True)
class Growing:
    """What idioms may do to the graph that grows."""

    add: Callable[[Built, Stream], Stream]
    end: Callable[[Readout, Stream, int], Stream]  # over so many steps
    name: Callable[[str], str]
    lasts: Callable[[int], None]  # takes note of a number of time steps


def arithmetic(
    graph: Growing, target: object, args: tuple[Any, ...], named: dict[str, Any], place: str
) -> Stream | None:
    """`x - y`, `-x`, and products and quotients of a value and a number or parameters."""
    streams = [a for a in args if isinstance(a, Stream)]
    if target in calls.DIFFERENCES and len(args) == len(streams) == 2:
        alpha = named.get("alpha", 1)
        return streams[0].plus(streams[1].times(-alpha), place) if isinstance(alpha, int) and alpha >= 1 else None
    if target in calls.NEGATIONS and len(args) == 1:
        return streams[0].times(-1)
    if len(args) != 2 or len(streams) != 1 or named:
        return None
    other = args[1] if args[0] is streams[0] else args[0]
    if isinstance(other, bool) or not isinstance(other, int | float | Tensor):
        return None
    if target in calls.QUOTIENTS and args[0] is streams[0]:
        return scaled(graph, streams[0], 1 / _values(other) if isinstance(other, Tensor) else _inverse(other))
    if target in calls.PRODUCTS:
        return scaled(graph, streams[0], _values(other) if isinstance(other, Tensor) else other)
    return None


def _values(tensor: Tensor) -> Any:
    values = tensor.detach().cpu().to(torch.float64, copy=True).numpy()
    return float(values) if values.size == 1 else values


def _inverse(number: float) -> float | Fraction:
    if number == 0:
        raise InputError("A forward divides by 0; mend it.")
    return Fraction(1, number) if isinstance(number, int) else 1 / number


def scaled(graph: Growing, stream: Stream, factor: Any) -> Stream | None:
    """The stream times a number, which goes into the gains of its edges if they stay whole, or times an array."""
    if np.ndim(factor):
        try:
            full = np.broadcast_to(factor, (*(1,) * len(stream.lead), *stream.shape))
        except ValueError:
            return None  # it says something about batch or time, or changes the shape
        shape = held(stream.shape)
        return graph.add(Scale(name=graph.name("scale"), shape=shape, scale=full.reshape(shape).copy()), stream)
    if not factor:
        return None
    gains = [factor * gain for _, gain in stream.terms]
    largest = stream.end is not None and stream.end.reduction == "max"
    if all(gain == int(gain) for gain in gains) and not largest:
        terms = tuple((name, int(gain)) for (name, _), gain in zip(stream.terms, gains, strict=True))
        return dataclasses.replace(stream, terms=terms)
    return graph.add(Scale(name=graph.name("scale"), shape=held(stream.shape), scale=float(factor)), stream)


def moved(graph: Growing, target: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Stream | None:
    """Values joined along an axis behind batch and time, and values moved within a sample."""
    if target in JOINS and args and isinstance(args[0], tuple):
        return _joined(graph, args[0], args[1] if len(args) > 1 else named.get("dim", 0))
    if not args or not isinstance(args[0], Stream):
        return None
    stream, rest = args[0], args[1:]
    if target in MOVES or target is operator.getitem:

        def move(x: Tensor) -> Tensor:
            called = getattr(x, target) if isinstance(target, str) else lambda *a, **n: target(x, *a, **n)
            result: Tensor = called(*rest, **named)
            return result

        try:
            made = wires(graph.name("wires"), move, stream.shape, len(stream.lead))
        except (RuntimeError, IndexError, TypeError, ValueError):
            return None
        return None if made is None else through_wires(graph, made, stream)
    return None


def _joined(graph: Growing, parts: tuple[Any, ...], dim: int) -> Stream | None:
    if not all(isinstance(part, Stream) for part in parts):
        return None
    first = parts[0]
    axis = dim % len(first.sizes) - len(first.lead)
    alike = {(p.lead, p.end, p.shape[:axis], p.shape[axis + 1 :], len(p.shape)) for p in parts}
    if axis < 0 or len(alike) > 1:
        return None
    shapes = [part.shape for part in parts]
    total: Stream | None = None
    for i, part in enumerate(parts):
        piece = through_wires(graph, joined(graph.name("part"), shapes, i, axis), part)
        total = piece if total is None else total.plus(piece, "torch.cat")
    return total


def through_wires(graph: Growing, made: Wires, stream: Stream) -> Stream:
    """What wires, made for shapes as torch has them, send of a stream."""
    shape, taken = held(made.shape), held(made.taken)
    node = dataclasses.replace(made, shape=shape, taken=taken, source=made.source.reshape(shape))
    lead = stream.lead
    flat = dataclasses.replace(stream, lead=(Rows(),))  # wires change nothing along batch and time
    return dataclasses.replace(graph.add(node, flat), shape=made.shape, lead=lead)


def timed(graph: Growing, target: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Stream | None:
    """A static value that is repeated over time, in an axis of its own (unsqueeze, then repeat) or along the batch."""
    if target is torch.stack:
        return _stacked(graph, args, named)
    if not args or not isinstance(args[0], Stream):
        return None
    stream, rest = args[0], tuple(args[1:])
    if target in calls.UNSQUEEZES and len(stream.lead) == 1:
        dim = rest[0] if rest else named.get("dim")
        return dataclasses.replace(stream, lead=(1, *stream.lead)) if dim == 0 else None
    if target in calls.REPEATS:
        sizes: tuple[Any, ...] = rest[0] if rest and isinstance(rest[0], tuple) else rest
        still = {"repeat": (1,), "expand": (-1,)}[target]
        same = all(s in still or s == size for s, size in zip(sizes[1:], stream.sizes[1:], strict=False))
        if target == "repeat":
            same = all(s == 1 for s in sizes[1:])
        if len(sizes) != len(stream.sizes) or not same or not isinstance(sizes[0], int) or sizes[0] < 1:
            return None
        if stream.lead[0] == 1:
            graph.lasts(sizes[0])
            return dataclasses.replace(stream, lead=(sizes[0], *stream.lead[1:]))
        if target == "repeat" and len(stream.lead) == 1:
            graph.lasts(sizes[0])
            return stream.repeated("repeat", sizes[0])
    return None


def _stacked(graph: Growing, args: tuple[Any, ...], named: dict[str, Any]) -> Stream | None:
    """`torch.stack([x] * T)` of one value."""
    dim = args[1] if len(args) > 1 else named.get("dim", 0)
    if dim != 0 or not isinstance(args[0], tuple) or len(set(args[0])) != 1 or not isinstance(args[0][0], Stream):
        return None
    stream = args[0][0]
    if len(stream.lead) != 1 or stream.end is not None:
        return None
    graph.lasts(len(args[0]))
    return dataclasses.replace(stream, lead=(len(args[0]), *stream.lead))


def functional(graph: Growing, target: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Stream | None:
    """Layers that are called as functions with the parameters that they use."""
    if target not in LAYERS or not args or not isinstance(args[0], Stream):
        return None
    if any(isinstance(a, Stream) for a in (*args[1:], *named.values())):
        return None
    module = LAYERS[target](*args[1:], **named)
    if module is None:
        return None
    name = graph.name("pool" if "pool" in target.__name__ else target.__name__)
    return graph.add(TRACE[type(module)](name, module, held(args[0].shape)), args[0])


IDIOMS = (functional, timed, moved)
