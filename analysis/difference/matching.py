"""Which layers of two networks belong together: those of one name, then those of one form in the same order.

Takes the rows of both sides; gives pairs in the order of the network, and how each was found. Nothing is paired across
another pair of the same step, and what has no partner stands alone.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from snnhw.analysis.difference.side import Row

NAME, SHAPE, ORDER = "name", "shape", "order"
ONLY_A, ONLY_B = "only in A", "only in B"
HOW = {
    NAME: "by name",
    SHAPE: "by kind and shape, in the same order",
    ORDER: "by kind, in the same order",
}


@dataclass(frozen=True)
class Pair:
    """A row of each side, or of one alone."""

    a: Row | None
    b: Row | None
    how: str  # a key of `HOW`, `ONLY_A` or `ONLY_B`

    @property
    def name(self) -> str:
        """The name on both sides, with an arrow where they differ."""
        names = dict.fromkeys(row.name for row in (self.a, self.b) if row is not None)
        return " -> ".join(names)


def match(a: Sequence[Row], b: Sequence[Row]) -> tuple[Pair, ...]:
    """Pairs of the rows of two networks; every row is in exactly one.

    Args:
        a: rows of one side, each with a name of its own.
        b: rows of the other.
    """
    partner: dict[str, tuple[Row, str]] = {}
    left = {row.name: row for row in b}
    for row in a:
        if row.name in left:
            partner[row.name] = (left.pop(row.name), NAME)
    for how, form in FORMS.items():
        mine, theirs = [row for row in a if row.name not in partner], list(left.values())
        for one, other in _aligned(mine, theirs, form, whole=how == ORDER):
            partner[one.name] = (left.pop(other.name), how)
    pairs = [Pair(row, *partner[row.name]) if row.name in partner else Pair(row, None, ONLY_A) for row in a]
    return _with_those_of_b(pairs, b, left.keys())


FORMS: dict[str, Callable[[Row], Hashable]] = {
    SHAPE: lambda row: (row.kind, row.shape) if row.kind else row.name,
    ORDER: lambda row: row.kind or row.name,
}


def _aligned(
    a: Sequence[Row], b: Sequence[Row], form: Callable[[Row], Hashable], *, whole: bool
) -> list[tuple[Row, Row]]:
    """Rows of one form, in the same order on both sides; with `whole` only where all are so."""
    forms = [form(row) for row in a], [form(row) for row in b]
    if whole:
        return list(zip(a, b, strict=True)) if forms[0] == forms[1] else []
    blocks = SequenceMatcher(None, *forms, autojunk=False).get_matching_blocks()
    return [(a[block.a + i], b[block.b + i]) for block in blocks for i in range(block.size)]


def _with_those_of_b(pairs: list[Pair], b: Sequence[Row], alone: Sequence[str] | object) -> tuple[Pair, ...]:
    """The pairs with each row that B has alone behind the row that it follows there."""
    found = list(pairs)
    before: Row | None = None
    for row in b:
        if row.name in alone:  # type: ignore[operator]
            at = next((i + 1 for i, pair in enumerate(found) if before is not None and pair.b is before), 0)
            found.insert(at, Pair(None, row, ONLY_B))
        before = row
    return tuple(found)
