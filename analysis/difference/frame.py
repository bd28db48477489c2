"""A difference as a tidy frame for diff.csv: one row for each layer and quantity, the totals last."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from snnhw.analysis.difference.difference import Difference
from snnhw.analysis.difference.side import FIXED
from snnhw.analysis.ranges import Range

COLUMNS = ("layer_a", "layer_b", "matched", "quantity", "unit", "a", "b", "difference")
TOTAL = "total"
ENDS = ("low", "typical", "high")
OF_NETWORK = "network"  # no count of a run
WEIGHT_BITS, BITS = "weight_bits", "bit"


def difference_frame(found: Difference) -> pd.DataFrame:
    """Counts per inference, or sums where a side does not say its samples; J per inference at each end of the range.

    What is of the network, such as its neurons, has the unit "network"; bits of weights are bits.
    """
    frame: pd.DataFrame = pd.DataFrame(list(_rows(found)), columns=list(COLUMNS), dtype=object)
    return frame


def _rows(found: Difference) -> Iterator[tuple[object, ...]]:
    for pair in found.pairs:
        head = ("" if pair.a is None else pair.a.name, "" if pair.b is None else pair.b.name, pair.how)
        for key in found.counts:
            a, b = found.value(pair.a, found.a, key), found.value(pair.b, found.b, key)
            yield (*head, key, _unit(found, key), float(a), float(b), float(b - a))
        for name, prices in found.prices.items():
            before, after, moved = found.energy(pair, prices)
            yield from _energies(head, name, before, after, (moved.low, moved.typical, moved.high))
    head = (TOTAL, TOTAL, TOTAL)
    for key in found.counts:
        a, b = found.total(found.a, key), found.total(found.b, key)
        yield (*head, key, _unit(found, key), float(a), float(b), float(b - a))
    for name, (one, other) in found.prices.items():
        ends = [b - a for a, b in zip(one.per_inference.ends, other.per_inference.ends, strict=True)]
        yield from _energies(head, name, one.per_inference, other.per_inference, (ends[0], ends[1], ends[2]))


def _unit(found: Difference, key: str) -> str:
    """That of a count."""
    return BITS if key == WEIGHT_BITS else OF_NETWORK if key in FIXED else f"1/{found.per}"


def _energies(
    head: tuple[str, str, str], name: str, a: Range | None, b: Range | None, moved: tuple[float, float, float]
) -> Iterator[tuple[object, ...]]:
    nothing = Range.exact(0.0)
    for i, end in enumerate(ENDS if a is not None or b is not None else ()):
        yield (*head, f"energy {name}, {end}", "J", (a or nothing).ends[i], (b or nothing).ends[i], moved[i])
