"""From where to where values reach, and what the data sets that networks are trained on reach.

Two ranges are far apart where one reaches ten times as far as the other: grey levels of 0 to 255 where a network was
trained on 0 to 1, or values that were divided by 255 twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from snnhw.data.readers import CIFAR10_DEVIATION, CIFAR10_MEAN
from snnhw.graph.ir import Array

FAR = 10.0


@dataclass(frozen=True)
class ValueRange:
    """The least and the largest value."""

    low: float
    high: float

    @property
    def reach(self) -> float:
        """Largest |x|."""
        return max(abs(self.low), abs(self.high))

    def __str__(self) -> str:
        """Both ends, in up to four digits."""
        return f"{self.low:.4g} to {self.high:.4g}"


UNIT = ValueRange(0.0, 1.0)
RANGES: Mapping[str, ValueRange] = {  # of the analogue data sets, as their readers give them
    "digits": UNIT,
    "mnist": UNIT,
    "fashion": UNIT,
    "cifar10": ValueRange(
        min(-mean / deviation for mean, deviation in zip(CIFAR10_MEAN, CIFAR10_DEVIATION, strict=True)),
        max((1 - mean) / deviation for mean, deviation in zip(CIFAR10_MEAN, CIFAR10_DEVIATION, strict=True)),
    ),
}


def range_of(values: Array) -> ValueRange:
    """Range of at least one value."""
    return ValueRange(float(values.min()), float(values.max()))


def far_apart(known: ValueRange, seen: ValueRange) -> bool:
    """Whether one reaches more than ten times as far as the other; zeros alone are near everything."""
    return bool(known.reach and seen.reach) and not known.reach / FAR <= seen.reach <= known.reach * FAR
