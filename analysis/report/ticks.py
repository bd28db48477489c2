"""Where an axis has its ticks: round values whose labels do not touch, however narrow the chart and short the range.

Takes the ends of an axis and its length in CSS pixels; gives values. matplotlib's own ticks of a logarithmic axis are
whole decades, of which a range may have none.
"""

from __future__ import annotations

from itertools import pairwise
from math import ceil, floor, log10

ROOM = 58  # CSS pixels that a label like "150 nJ" takes, with the space around it
SERIES = (  # mantissas in each decade from fine to coarse, and digits that tell them apart
    (tuple(k / 100 for k in range(100, 1000)), 3),
    (tuple(k / 10 for k in range(10, 100)), 2),
    (tuple(k / 10 for k in range(10, 100, 2)), 2),
    (tuple(k / 10 for k in range(10, 100, 5)), 2),
    (tuple(float(k) for k in range(1, 10)), 1),
    ((1.0, 1.5, 2.0, 3.0, 5.0, 7.0), 2),
    ((1.0, 2.0, 5.0), 1),
    ((1.0, 3.0), 1),
)
WHOLE = 4  # place of the whole numbers in SERIES
ROUND = (1, 2, 5)


def log_ticks(low: float, high: float, pixels: float) -> tuple[tuple[float, ...], int]:
    """Ticks of a logarithmic axis, and how many significant digits their labels need.

    Args:
        low: left end, above zero.
        high: right end, above `low`.
        pixels: length of the axis.
    """
    scale = pixels / log10(high / low)
    for mantissas, digits in SERIES:
        found = _within(low, high, mantissas, 1)
        if len(found) > 1 and all(log10(b / a) * scale >= ROOM for a, b in pairwise(found)):
            return found, digits
    every = max(1, ceil(ROOM / scale))
    decades = _within(low, high, (1.0,), every)
    if len(decades) > 1:
        return decades, 1
    for mantissas, digits in reversed(SERIES[: 1 + WHOLE]):  # no series fits as it is: its members that have room
        found = _apart(_within(low, high, mantissas, 1), scale)
        if len(found) > 1:
            return found, digits
    return (low * (high / low) ** 0.5,), 3


def _apart(values: tuple[float, ...], scale: float) -> tuple[float, ...]:
    """From the lowest up, those that leave room for the label before them; `scale`: CSS pixels of a decade."""
    kept: list[float] = []
    for value in values:
        if not kept or log10(value / kept[-1]) * scale >= ROOM:
            kept.append(value)
    return tuple(kept)


def _within(low: float, high: float, mantissas: tuple[float, ...], every: int) -> tuple[float, ...]:
    """Mantissas times powers of ten between both ends, of every so many decades."""
    first, last = floor(log10(low)), ceil(log10(high))
    powers = [power for power in range(first, last + 1) if power % every == 0]
    values = (float(f"{mantissa}e{power}") for power in powers for mantissa in mantissas)
    return tuple(value for value in values if low <= value <= high)


def step_ticks(steps: int, most: int) -> tuple[int, ...]:
    """At most so many time steps to name on an axis, from 1: all of them, or the first and round numbers after it."""
    if steps <= most:
        return tuple(range(1, steps + 1))
    size = next(unit * 10**power for power in range(12) for unit in ROUND if steps // (unit * 10**power) < max(most, 2))
    return (1, *range(size, steps + 1, size))


def share_ticks(low: float, high: float, most: int) -> tuple[float, ...]:
    """Round values of an axis of per cent between `low` and `high`, never outside 0 to 100."""
    sizes = (float(f"{unit}e{power}") for power in range(-6, 3) for unit in ROUND)
    size = next(size for size in sizes if (high - low) / size <= most)
    first = ceil(max(low, 0.0) / size - 1e-9)
    last = floor(min(high, 100.0) / size + 1e-9)
    return tuple(round(k * size, 9) for k in range(first, last + 1))
