"""What two runs differ in: layer by layer, in all, and in joules on each profile, with the reasons.

Takes two sides; subtracts A from B. Counts are exact fractions per inference, so that the differences of the layers add
up to that of the totals of both report.json. Energies are subtracted low from low, typical from typical and high from
high, as if every constant stood at the same end for both, and only where both cover the same of the machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from snnhw.analysis.difference.certain import order, same_constants, span
from snnhw.analysis.difference.energies import Shift, part_shifts, priced_pairs, shift
from snnhw.analysis.difference.matching import HOW, ONLY_A, ONLY_B, Pair, match
from snnhw.analysis.difference.reasons import Reason, because, reasons
from snnhw.analysis.difference.said import said
from snnhw.analysis.difference.side import Price, Row, Side, per_inference
from snnhw.analysis.ranges import Range
from snnhw.graph.finding import Finding


@dataclass(frozen=True)
class Difference:
    """Two runs, and everything that B has more or less than A."""

    a: Side
    b: Side

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """Rows that belong together, in the order of the network."""
        return match(self.a.rows, self.b.rows)

    @cached_property
    def counts(self) -> tuple[str, ...]:
        """The counts that both files have."""
        return tuple(key for key in self.a.counts if key in self.b.counts)

    @property
    def by_inference(self) -> bool:
        """Whether counts are per inference; else they are sums as they stand, since a side does not say its samples."""
        return self.a.samples is not None and self.b.samples is not None

    @property
    def per(self) -> str:
        """What a count is of."""
        return "inference" if self.by_inference else "all samples"

    @cached_property
    def prices(self) -> Mapping[str, tuple[Price, Price]]:
        """The energies that are subtracted, by profile, or by both where they are two."""
        return priced_pairs(self.a, self.b)

    @cached_property
    def reasons(self) -> Mapping[str, tuple[Reason, ...]]:
        """What differs in each pair, by its name."""
        return {pair.name: reasons(pair, self.a, self.b) for pair in self.pairs}

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What keeps the two from being compared as they stand."""
        return said(self.a, self.b, self.prices)

    def value(self, row: Row | None, side: Side, key: str) -> Fraction:
        """A count of one row, per inference where both sides know their samples; 0 of no row."""
        if row is None:
            return Fraction(0)
        return self._per(key, row.count(key), side)

    def change(self, pair: Pair, key: str) -> Fraction:
        """What B has more of a count in one pair."""
        return self.value(pair.b, self.b, key) - self.value(pair.a, self.a, key)

    def total(self, side: Side, key: str) -> Fraction:
        """A count of one side in all."""
        return self._per(key, side.total(key), side)

    def _per(self, key: str, count: int, side: Side) -> Fraction:
        return per_inference(key, count, side.samples if self.by_inference and side.samples else 1)

    def energy(self, pair: Pair, prices: tuple[Price, Price]) -> tuple[Range | None, Range | None, Shift]:
        """J per inference of one pair on both sides, None where it is charged nothing, and the difference."""
        a, b = (
            None if row is None else price.layers.get(row.name)
            for row, price in zip((pair.a, pair.b), prices, strict=True)
        )
        return a, b, shift(a, b)

    @property
    def matched(self) -> Mapping[str, int]:
        """How many pairs were found in each way."""
        return {how: sum(pair.how == how for pair in self.pairs) for how in HOW}

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs: no reason in any layer, no count, no energy."""
        counts = any(self.change(pair, key) for pair in self.pairs for key in self.counts)
        prices = any(order(*prices) != "same" for prices in self.prices.values())
        return not (counts or prices or any(self.reasons.values()))

    def to_dict(self) -> dict[str, object]:
        """The content of diff.json: counts per inference, or sums where `per` says so; joules per inference."""
        return {
            "a": self.a.to_dict(),
            "b": self.b.to_dict(),
            "per": self.per,
            "matched": {
                **self.matched,
                "only_a": [pair.name for pair in self.pairs if pair.how == ONLY_A],
                "only_b": [pair.name for pair in self.pairs if pair.how == ONLY_B],
            },
            "layers": [self._layer(pair) for pair in self.pairs],
            "totals": {key: _three(self.total(self.a, key), self.total(self.b, key)) for key in self.counts},
            "energy": {name: self._priced(*prices) for name, prices in self.prices.items()},
            "findings": [finding.to_dict() for finding in self.findings],
        }

    def _layer(self, pair: Pair) -> dict[str, object]:
        energies = {name: (self.energy(pair, prices), prices) for name, prices in self.prices.items()}
        return {
            "a": None if pair.a is None else pair.a.name,
            "b": None if pair.b is None else pair.b.name,
            "matched": pair.how,
            "counts": {
                key: _three(self.value(pair.a, self.a, key), self.value(pair.b, self.b, key)) for key in self.counts
            },
            "energy": {
                name: {
                    "unit": "J",
                    "a": None if a is None else a.to_dict(),
                    "b": None if b is None else b.to_dict(),
                    "difference": moved.to_dict(),
                    "parts": part_shifts(pair, prices),
                }
                for name, ((a, b, moved), prices) in energies.items()
                if a is not None or b is not None
            },
            "reasons": [reason.to_dict() for reason in self.reasons[pair.name]],
            "because": {
                key: {cause: float(part) for cause, part in parts.items()}
                for key, parts in because(pair, self.a, self.b).items()
            },
        }

    def _priced(self, a: Price, b: Price) -> dict[str, object]:
        low, high = span(a, b)
        return {
            "unit": "J",
            "scope": a.scope,
            "profile": {"a": a.profile, "b": b.profile},
            "same_constants": same_constants(a, b),
            "deployment": {"a": a.deployment, "b": b.deployment},
            "a": a.per_inference.to_dict(),
            "b": b.per_inference.to_dict(),
            "difference": shift(a.per_inference, b.per_inference).to_dict(),
            "whatever_the_constants": {"low": low, "high": high},
            "b_needs": order(a, b),
        }


def _three(a: Fraction, b: Fraction) -> dict[str, float | int]:
    return {"a": _number(a), "b": _number(b), "difference": _number(b - a)}


def _number(value: Fraction) -> float | int:
    return value.numerator if value.denominator == 1 else float(value)
