"""Geometry of tiles: which source positions reach a span of outputs, along one axis at a time.

Takes strides, paddings and kernel sizes, no weights, so layers of one shape share what was computed: all is cached.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import product

from snnhw.graph.ir import Conv2d, Synapse

Span = tuple[int, int]  # first, past the last
Volume = tuple[int, int, int]  # (C, H, W)
Tiles = tuple[int, int, int]  # parts along channels, rows, columns


@dataclass(frozen=True)
class Axis:
    """How outputs see a source along one axis: through a kernel, one by one (identity), or all of it (dense)."""

    source: int  # length of the source
    kind: str  # "kernel", "identity" or "all"
    taps: int = 1
    stride: int = 1
    padding: int = 0
    dilation: int = 1


def windows(node: Synapse | None, source: Volume) -> tuple[Axis, Axis]:
    """Windows of a synapse node along rows and columns; None stands for an identity connection."""
    if not isinstance(node, Conv2d):
        kind = "identity" if node is None else "all"
        return Axis(source[1], kind), Axis(source[2], kind)
    rows, columns = (
        Axis(
            source[axis + 1],
            "kernel",
            int(node.weight.shape[2 + axis]),
            node.stride[axis],
            node.padding[axis],
            node.dilation[axis],
        )
        for axis in (0, 1)
    )
    return rows, columns


def volume(shape: tuple[int, ...]) -> Volume:
    """(C, H, W); a vector is one position per neuron."""
    return (shape[0], shape[1], shape[2]) if len(shape) == 3 else (1, 1, shape[0])


@cache
def choices(size: Volume) -> tuple[Tiles, ...]:
    """Every way to cut a population into equal tiles, the fewest tiles first."""
    channels, height, width = map(_cuts, size)
    return tuple(sorted(product(channels, height, width), key=lambda c: (c[0] * c[1] * c[2], c)))


@cache
def spans(size: int, parts: int) -> tuple[Span, ...]:
    """Equal spans, the last one the smaller where sizes differ."""
    step = -(-size // parts)
    return tuple((start, min(start + step, size)) for start in range(0, size, step))


@cache
def largest_reach(axis: Axis, size: int, parts: int) -> int:
    """Most source coordinates that reach one of `parts` spans of `size` outputs."""
    return max(_length(_reach(axis, span)) for span in spans(size, parts))


@cache
def overlaps(axis: Axis, own_parts: int, size: int, parts: int) -> tuple[int, ...]:
    """For each of the source's own spans: its coordinates times the spans of the target that each reaches."""
    reached = [_reach(axis, span) for span in spans(size, parts)]
    return tuple(
        sum(_length((max(mine[0], other[0]), min(mine[1], other[1]))) for other in reached)
        for mine in spans(axis.source, own_parts)
    )


@cache
def lists(
    rows: Axis, columns: Axis, height: int, width: int, parts: tuple[int, int]
) -> tuple[tuple[tuple[int, int], ...], ...]:
    """For the first, a middle and the last tile along each axis: (taps, how many patterns have so many)."""
    found = []
    ends = [(s[0], s[len(s) // 2], s[-1]) for s in (spans(height, parts[0]), spans(width, parts[1]))]
    for row, column in product(sorted(set(ends[0])), sorted(set(ends[1]))):
        taps = product(_patterns(rows, row), _patterns(columns, column))
        found.append(tuple(Counter(y * x for y, x in taps).items()))
    return tuple(found)


@cache
def _patterns(axis: Axis, span: Span) -> tuple[int, ...]:
    """Taps in each distinct set of taps through which a source coordinate reaches outputs inside `span`."""
    found = set()
    for at in range(axis.source):
        taps = []
        for tap in range(axis.taps):
            out, off = divmod(at + axis.padding - tap * axis.dilation, axis.stride)
            if not off and span[0] <= out < span[1]:
                taps.append(tap)
        found.add(tuple(taps))
    return tuple(len(taps) for taps in found if taps)


def _reach(axis: Axis, span: Span) -> Span:
    """Source coordinates that reach the outputs in `span`."""
    if axis.kind == "identity":
        return span
    if axis.kind == "all":
        return 0, axis.source
    low = span[0] * axis.stride - axis.padding
    high = (span[1] - 1) * axis.stride - axis.padding + axis.dilation * (axis.taps - 1)
    return max(0, low), min(axis.source, high + 1)


def _cuts(size: int) -> list[int]:
    """Numbers of parts that differ in the size of the parts."""
    return sorted({-(-size // step) for step in range(1, size + 1)})


def _length(span: Span) -> int:
    return max(0, span[1] - span[0])
