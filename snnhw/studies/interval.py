"""Confidence intervals of a mean over a few seeds, by Student's t.

mean +- t * s / sqrt(n), with s the deviation of n independent values and t the quantile of n - 1 degrees of freedom
(Student, 1908). Two networks are compared by the interval of their differences, seed by seed.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from snnhw.errors import InputError

CONFIDENCE = 0.95
HALVINGS = 200  # of the bracket around a quantile, down to the last bit of a float


@dataclass(frozen=True)
class Interval:
    """A mean and the interval that holds the true one with `CONFIDENCE`, if the values are normal."""

    mean: float
    low: float
    high: float

    @property
    def half(self) -> float:
        """Half of its width."""
        return (self.high - self.low) / 2

    def overlaps(self, other: Interval) -> bool:
        """Whether a number lies in both."""
        return self.low <= other.high and other.low <= self.high

    def to_dict(self) -> dict[str, float]:
        """Plain values for JSON."""
        return {"mean": self.mean, "low": self.low, "high": self.high}


def interval(values: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """Interval of the mean of independent values.

    Raises:
        InputError: there are fewer than two values.
    """
    if len(values) < 2:
        raise InputError(f"{len(values)} values have no spread; give two or more, such as runs of two seeds.")
    mean = statistics.fmean(values)
    half = t_quantile(0.5 + confidence / 2, len(values) - 1) * statistics.stdev(values) / math.sqrt(len(values))
    return Interval(mean, mean - half, mean + half)


def t_quantile(share: float, freedom: int) -> float:
    """The t below which `share` (0.5 to below 1) of Student's distribution lies."""
    low, high = 0.0, 1.0
    while t_share(high, freedom) < share:
        high *= 2
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if t_share(middle, freedom) < share else (low, middle)
    return high


def t_share(t: float, freedom: int) -> float:
    """Share of Student's distribution below t >= 0, for a whole number of degrees of freedom.

    The finite sums of Abramowitz and Stegun (1964), 26.7.3 for odd and 26.7.4 for even degrees, give the share between
    -t and t.
    """
    angle = math.atan2(t, math.sqrt(freedom))
    cosine, sine = math.cos(angle), math.sin(angle)
    odd = freedom % 2
    term = total = cosine if odd else 1.0
    for number in range(2 + odd, freedom - 1, 2):
        term *= (number - 1) / number * cosine**2
        total += term
    product = sine * total if freedom > 1 else 0.0
    return 0.5 + (2 / math.pi * (angle + product) if odd else sine * total) / 2
