"""Interval arithmetic per channel that encloses what an engine computes in floats, rounding included.

Each operation is evaluated at the ends of its operands' intervals and widened for its own rounding. Rounding is
monotone, so the largest computed sum is at most the computed sum of the largest terms t_i, which is within
(n + 3) u sum|t_i| of their exact sum for n terms in any order (Higham 2002, section 3.1). `ROUNDING` is twice the unit
roundoff of float32: it covers float32 and float64 with weights rounded to them, and this analysis itself; it does not
cover TF32 or Winograd convolutions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnhw.graph.ir import Array

ROUNDING = 2.0**-23
TINY = 2.0**-126  # what one product may lose by underflow in float32


@dataclass(frozen=True)
class Interval:
    """low <= value <= high for every element of a channel; float64 [C], infinite where nothing is known."""

    low: Array
    high: Array

    def __add__(self, other: Interval) -> Interval:
        """Sum, without rounding."""
        return Interval(self.low + other.low, self.high + other.high)

    def hull(self, value: float) -> Interval:
        """Smallest interval that also holds `value`."""
        return Interval(np.minimum(self.low, value), np.maximum(self.high, value))

    def times(self, other: Interval) -> Interval:
        """Product; 0 times an unbounded but finite value is 0."""
        ends = np.stack([product(a, b) for a in (self.low, self.high) for b in (other.low, other.high)])
        return Interval(ends.min(axis=0), ends.max(axis=0))

    def repeat(self, times: int) -> Interval:
        """Every channel `times` times, as flattening orders them."""
        return Interval(np.repeat(self.low, times), np.repeat(self.high, times))


def constant(value: float | Array, shape: tuple[int, ...]) -> Interval:
    """Interval [C] of a parameter: a number, or an array that broadcasts to `shape`."""
    rows = np.broadcast_to(np.asarray(value, dtype=np.float64), shape).reshape(shape[0], -1)
    return Interval(rows.min(axis=1), rows.max(axis=1))


def rows_of(value: float | Array, shape: tuple[int, ...]) -> Array:
    """A parameter as [C, neurons of a channel], [1, 1] where it is a number."""
    given = np.asarray(value)
    return given.reshape(1, 1) if given.ndim == 0 else np.broadcast_to(given, shape).reshape(shape[0], -1)


def unbounded(channels: int) -> Interval:
    """Nothing is known."""
    return Interval(np.full(channels, -np.inf), np.full(channels, np.inf))


def rounded_sum(terms: list[Interval], operations: int) -> Interval:
    """Sum of intervals, widened for `operations` rounded operations; sums of zeros stay zero."""
    low, high = sum(t.low for t in terms), sum(t.high for t in terms)
    below, above = sum(abs(t.low) for t in terms), sum(abs(t.high) for t in terms)
    return widened(np.asarray(low), np.asarray(high), np.asarray(below), np.asarray(above), operations)


def widened(low: Array, high: Array, below: Array, above: Array, operations: int) -> Interval:
    """[low, high] widened by what `operations` rounded operations can add, given the sizes of the terms at the ends."""
    share = (operations + 3) * ROUNDING
    if share >= 0.5:
        return unbounded(len(low))
    lost = operations * TINY

    def margin(size: Array) -> Array:
        return np.where(size > 0, size * share + lost, 0.0)

    return Interval(low - margin(below), high + margin(above))


def product(a: Array, b: Array) -> Array:
    """a * b, where 0 times infinity is 0."""
    zero = (a == 0) | (b == 0)
    found: Array = np.where(zero, 0.0, np.where(zero, 1.0, a) * np.where(zero, 1.0, b))
    return found
