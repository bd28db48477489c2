"""A difference as a tidy frame for diff.csv: one row for each layer and quantity, the totals last."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from snnhw.analysis.difference.difference import Difference
from snnhw.analysis.ranges import Range

COLUMNS = ("layer_a", "layer_b", "matched", "quantity", "unit", "a", "b", "difference")
TOTAL = "total"
ENDS = ("low", "typical", "high")


def difference_frame(found: Difference) -> pd.DataFrame:
    """Counts per inference, or sums where a side does not say its samples; J per inference at each end of the range."""
    frame: pd.DataFrame = pd.DataFrame(list(_rows(found)), columns=list(COLUMNS), dtype=object)
    return frame


def _rows(found: Difference) -> Iterator[tuple[object, ...]]:
    unit = f"1/{found.per}"
    for pair in found.pairs:
        head = ("" if pair.a is None else pair.a.name, "" if pair.b is None else pair.b.name, pair.how)
        for key in found.counts:
            a, b = found.value(pair.a, found.a, key), found.value(pair.b, found.b, key)
            yield (*head, key, unit, float(a), float(b), float(b - a))
        for name, prices in found.prices.items():
            before, after, moved = found.energy(pair, prices)
            yield from _energies(head, name, before, after, (moved.low, moved.typical, moved.high))
    head = (TOTAL, TOTAL, TOTAL)
    for key in found.counts:
        a, b = found.total(found.a, key), found.total(found.b, key)
        yield (*head, key, unit, float(a), float(b), float(b - a))
    for name, (one, other) in found.prices.items():
        ends = [b - a for a, b in zip(one.per_inference.ends, other.per_inference.ends, strict=True)]
        yield from _energies(head, name, one.per_inference, other.per_inference, (ends[0], ends[1], ends[2]))


def _energies(
    head: tuple[str, str, str], name: str, a: Range | None, b: Range | None, moved: tuple[float, float, float]
) -> Iterator[tuple[object, ...]]:
    nothing = Range.exact(0.0)
    for i, end in enumerate(ENDS if a is not None or b is not None else ()):
        yield (*head, f"energy {name}, {end}", "J", (a or nothing).ends[i], (b or nothing).ends[i], moved[i])
