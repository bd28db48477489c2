"""Which energies of two runs may be subtracted, and their difference, each end of the range from the same end.

Energies that cover different parts of a machine are never subtracted. A profile of one name on both sides is a pair;
where the sides have no profile in common, the first of each is, and the difference is then also one of the profiles.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from snnhw.analysis.difference.certain import same_constants
from snnhw.analysis.difference.matching import Pair
from snnhw.analysis.difference.side import Price, Row, Side
from snnhw.analysis.hardware.scopes import UNSTATED
from snnhw.analysis.ranges import Range

NOTHING = Range.exact(0.0)


@dataclass(frozen=True)
class Shift:
    """B less A at the low ends, at the typical values and at the high ends, J; in no order."""

    low: float
    typical: float
    high: float

    def to_dict(self) -> dict[str, float]:
        """Plain values for JSON."""
        return asdict(self)


def shift(a: Range | None, b: Range | None) -> Shift:
    """The difference of two energies; None is 0."""
    before, after = a or NOTHING, b or NOTHING
    return Shift(after.low - before.low, after.typical - before.typical, after.high - before.high)


def priced_pairs(a: Side, b: Side) -> dict[str, tuple[Price, Price]]:
    """The energies that may be subtracted, in the order of A, by the profile, or by both names where they are two."""
    return {name: prices for name, prices in _asked(a, b).items() if _one_scope(*prices)}


def apart(a: Side, b: Side) -> dict[str, tuple[Price, Price]]:
    """The others, which cover different parts of a machine, or nobody says which."""
    return {name: prices for name, prices in _asked(a, b).items() if not _one_scope(*prices)}


def _asked(a: Side, b: Side) -> dict[str, tuple[Price, Price]]:
    """Both energies on each profile that both have; else the first of each side."""
    both = {name: (price, b.prices[name]) for name, price in a.prices.items() if name in b.prices}
    if both or not (a.prices and b.prices):
        return both
    first, second = (next(iter(side.prices.values())) for side in (a, b))
    return {f"{first.profile} -> {second.profile}": (first, second)}


def _one_scope(a: Price, b: Price) -> bool:
    return a.scope == b.scope and (a.scope != UNSTATED or same_constants(a, b))


def part_shifts(pair: Pair, prices: tuple[Price, Price]) -> dict[str, float]:
    """By part of the energy, such as "synapse": what B needs more in this pair at typical constants, J."""
    before, after = (parts(row, price) for row, price in zip((pair.a, pair.b), prices, strict=True))
    return {part: after.get(part, 0.0) - before.get(part, 0.0) for part in dict.fromkeys((*before, *after))}


def parts(row: Row | None, price: Price) -> Mapping[str, float]:
    """By part: the typical energy of a row, J."""
    found: dict[str, float] = {}
    for term in price.terms:
        if row is not None and term.layer == row.name:
            found[term.part] = found.get(term.part, 0.0) + term.energy.typical
    return found
