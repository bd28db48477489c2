"""Low, typical and high of a quantity; sums and products keep all three."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from snnhw.errors import InputError


@dataclass(frozen=True)
class Range:
    """An interval with the value in it that is held most likely."""

    low: float
    typical: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.typical <= self.high:
            raise InputError(f"Range {self.low} .. {self.typical} .. {self.high} is not in ascending order; sort it.")

    @staticmethod
    def exact(value: float) -> Range:
        """A value that is known."""
        return Range(value, value, value)

    @staticmethod
    def total(parts: Iterable[Range]) -> Range:
        """Sum of intervals: all low together, all high together."""
        found = list(parts)
        return Range(sum(p.low for p in found), sum(p.typical for p in found), sum(p.high for p in found))

    def __add__(self, other: Range) -> Range:
        """Sum of two intervals."""
        return Range(self.low + other.low, self.typical + other.typical, self.high + other.high)

    def longest(self, other: Range) -> Range:
        """The larger of two quantities, each end the larger of both ends."""
        return Range(max(self.low, other.low), max(self.typical, other.typical), max(self.high, other.high))

    def scaled(self, factor: float) -> Range:
        """Interval times a number that is not negative."""
        return Range(self.low * factor, self.typical * factor, self.high * factor)

    def over(self, other: Range) -> Range:
        """Ratio: the extremes are low/high and high/low."""
        if other.low <= 0:
            raise InputError(f"Cannot divide by the range {other.low} .. {other.high}; it must be above zero.")
        return Range(self.low / other.high, self.typical / other.typical, self.high / other.low)

    @property
    def ends(self) -> tuple[float, float, float]:
        """(low, typical, high)."""
        return self.low, self.typical, self.high

    def to_dict(self) -> dict[str, float]:
        """Plain values for JSON."""
        return {"low": self.low, "typical": self.typical, "high": self.high}
