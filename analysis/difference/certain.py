"""Whether one run needs less energy than another whatever the constants are within their ranges.

Both are priced with the same constants, so an error of a constant moves both: ranges that overlap do not mean that the
order is open. Where the profile is the same, the difference is sum over constants c of (n_B(c) - n_A(c)) * c with n the
counts per inference, and each c goes from its low to its high end on its own. Counts that are ranges themselves, since
a layout is not known, stand at the same end for both. Where the profile is not the same, all constants of one side are
free of those of the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from snnhw.analysis.difference.side import Price, PricedTerm
from snnhw.analysis.ranges import Range

Order = Literal["less", "more", "open", "same"]
ORDERS: dict[Order, str] = {
    "less": "B needs less, whatever the constants within their ranges",
    "more": "B needs more, whatever the constants within their ranges",
    "open": "which needs less depends on the constants within their ranges",
    "same": "both need the same",
}
ROUNDING = 1e-12  # of the energies: what sums of floats leave
ALIKE = 1e-9  # relative: two ways to compute one constant


def order(a: Price, b: Price) -> Order:
    """What is certain of the energy of `b` against that of `a`."""
    low, high = span(a, b)
    least = ROUNDING * max(a.per_inference.high, b.per_inference.high)
    if abs(low) <= least and abs(high) <= least:
        return "same"
    return "less" if high < -least else "more" if low > least else "open"


def span(a: Price, b: Price) -> tuple[float, float]:
    """The least and the largest difference, J per inference, over all constants within their ranges."""
    if not same_constants(a, b):
        return b.per_inference.low - a.per_inference.high, b.per_inference.high - a.per_inference.low
    low = high = 0.0
    for name in dict.fromkeys(term.constant for term in (*a.terms, *b.terms)):
        mine, theirs = ([t for t in price.terms if t.constant == name] for price in (a, b))
        value = _constant(name, a, (*mine, *theirs))
        before, after = (Range.total(t.count for t in terms) for terms in (mine, theirs))
        if value is None:
            spent, spends = (Range.total(t.energy for t in terms) for terms in (mine, theirs))
            low, high = low + spends.low - spent.high, high + spends.high - spent.low
            continue
        more = [y - x for x, y in zip(before.ends, after.ends, strict=True)]
        ends = [n * c for n in more for c in (value.low, value.high)]
        low, high = low + min(ends), high + max(ends)
    return low, high


def same_constants(a: Price, b: Price) -> bool:
    """Whether both were priced with the same profile, by its content."""
    return a.profile == b.profile and a.checksum == b.checksum != ""


def _constant(name: str, price: Price, terms: Iterable[PricedTerm]) -> Range | None:
    """The constant itself; None where the terms do not tell it, or not alike."""
    found = [price.constants[name]] if name in price.constants else []
    for term in terms:
        if term.count.low > 0:
            n, e = term.count, term.energy
            found.append(Range(e.low / n.low, e.typical / n.typical, e.high / n.high))
    if not found:
        return None
    pairs = [ends for other in found for ends in zip(found[0].ends, other.ends, strict=True)]
    alike = all(abs(x - y) <= ALIKE * max(abs(x), abs(y)) for x, y in pairs)
    return found[0] if alike else None
