"""Digital and crossbar, spiking and artificial, side by side: each a range, and what the ranges let one say.

Takes estimates of one network on one set of samples; gives rows and comparisons. Where ranges overlap nothing is
claimed. Where they do not, what is unlike in number width or technology is said with the claim. Where both sides rest
on the same constants, their ratio is also given with each constant alike on both, which is narrower than the ranges.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import product

from snnhw.analysis.digits import range_text, ratio_text
from snnhw.analysis.energy.estimate import Term
from snnhw.analysis.hardware.scopes import scope_words
from snnhw.analysis.ranges import Range

LESS, MORE, OPEN = "needs less", "needs more", "no claim: the ranges overlap"
LOWER, HIGHER = "shows less, not like for like", "shows more, not like for like"
SNN_ALL, SNN_SKIPPED = "crossbar SNN, all reads", "crossbar SNN, silent reads skipped"
SNN, ANN, ANN_FLOAT = "digital SNN", "digital ANN, int8", "digital ANN, fp32"
TWIN, MATCHED, MATCHED_SKIPPED = (
    "crossbar ANN, int8, all reads",
    "crossbar ANN, matched, all reads",
    "crossbar ANN, matched, silent reads skipped",
)


@dataclass(frozen=True)
class Row:
    """One way to compute the network or its twin."""

    name: str
    energy: Range  # J per inference
    scope: str
    technology: str  # nm, of the profiles
    bits: int  # of its numbers
    profile: str
    terms: tuple[Term, ...] = field(default=(), repr=False)

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "name": self.name,
            "energy": self.energy.to_dict(),
            "unit": "J",
            "scope": self.scope,
            "covers": scope_words(self.scope),
            "technology": self.technology,
            "bits": self.bits,
            "profile": self.profile,
        }


@dataclass(frozen=True)
class Claim:
    """One row against another."""

    left: str
    right: str
    ratio: Range  # left over right, each end with the ends of both ranges
    word: str  # LESS or MORE, LOWER or HIGHER where something is unlike, or OPEN: what the left one does
    unlike: tuple[str, ...]  # why a claim is not like for like
    same_constants: Range | None  # the ratio with every constant alike on both sides; None where they share none

    @property
    def sentence(self) -> str:
        """The claim in words, with what it rests on."""
        if self.word == OPEN:
            return f"{self.left} against {self.right}: {self.word} ({ratio_text(self.ratio)})"
        unlike = f"; {'; '.join(self.unlike)}" if self.unlike else ""
        return f"{self.left} {self.word} than {self.right} ({ratio_text(self.ratio)}{unlike})"

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "left": self.left,
            "right": self.right,
            "ratio": self.ratio.to_dict(),
            "word": self.word,
            "unlike": list(self.unlike),
            "same_constants": None if self.same_constants is None else self.same_constants.to_dict(),
            "sentence": self.sentence,
        }


@dataclass(frozen=True)
class Verdict:
    """All rows, and the spiking network on crossbars against each of the others."""

    rows: tuple[Row, ...]
    claims: tuple[Claim, ...]
    assumes: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "rows": [row.to_dict() for row in self.rows],
            "claims": [claim.to_dict() for claim in self.claims],
            "assumes": list(self.assumes),
        }


def verdict(rows: Iterable[Row], assumes: tuple[str, ...]) -> Verdict:
    """Claims of both accountings of the crossbar SNN against what is computed otherwise.

    A twin with skipped reads is held against the network with skipped reads, one whose reads are all done against both.
    """
    found = {row.name: row for row in rows}
    claims = []
    for left in (SNN_ALL, SNN_SKIPPED):
        for right in (SNN, ANN, ANN_FLOAT, TWIN, MATCHED, MATCHED_SKIPPED):
            if right in found and not (left == SNN_ALL and right == MATCHED_SKIPPED):
                claims.append(claim(found[left], found[right]))
    return Verdict(tuple(found.values()), tuple(claims), assumes)


def claim(left: Row, right: Row) -> Claim:
    """What two ranges let one say of two rows."""
    ratio = left.energy.over(right.energy)
    unlike = []
    if left.bits != right.bits:
        unlike.append(f"{left.bits} against {right.bits} bits")
    if left.technology != right.technology:
        unlike.append(f"{left.technology} against {right.technology} nm")
    less, more = (LOWER, HIGHER) if unlike else (LESS, MORE)
    word = less if ratio.high < 1 else more if ratio.low > 1 else OPEN
    return Claim(left.name, right.name, ratio, word, tuple(unlike), same_constants(left.terms, right.terms))


def same_constants(left: tuple[Term, ...], right: tuple[Term, ...]) -> Range | None:
    """Left over right where each constant has one value on both sides, at all corners of their ranges.

    A ratio of two sums that are linear in each constant is monotone in each, so that its extremes lie at corners.
    Constants that follow one, such as conversions of other bits, move with it. None where a side has no terms or none
    of its constants on the other side.
    """
    sums = [_by_constant(terms) for terms in (left, right)]
    names = sorted(set(sums[0]) | set(sums[1]))
    if not (set(sums[0]) & set(sums[1])):
        return None
    nothing = (0.0, 0.0, 0.0)
    ends = [[side.get(name, nothing) for name in names] for side in sums]
    ratios = []
    for corner in product((0, 2), repeat=len(names)):
        above, below = (sum(values[end] for values, end in zip(side, corner, strict=True)) for side in ends)
        ratios.append(above / below)
    typical = sum(v[1] for v in ends[0]) / sum(v[1] for v in ends[1])
    return Range(min(ratios), typical, max(ratios))


def _by_constant(terms: tuple[Term, ...]) -> dict[str, tuple[float, float, float]]:
    found: dict[str, tuple[float, float, float]] = {}
    for term in terms:
        name, energy = term.constant.follows or term.constant.name, term.energy
        low, typical, high = found.get(name, (0.0, 0.0, 0.0))
        found[name] = (low + energy.low, typical + energy.typical, high + energy.high)
    return found


def claim_cells(verdict: Verdict) -> list[tuple[str, ...]]:
    """(crossbar SNN, the other, ratio of the ranges, ratio with the same constants, what is claimed) of each claim."""
    return [
        (
            c.left,
            c.right,
            ratio_text(c.ratio),
            "" if c.same_constants is None else ratio_text(c.same_constants),
            f"{c.word}{' (' + '; '.join(c.unlike) + ')' if c.unlike and c.word != OPEN else ''}",
        )
        for c in verdict.claims
    ]


def row_cells(verdict: Verdict) -> list[tuple[str, ...]]:
    """(way, energy, bits, nm, scope) of each row."""
    return [
        (row.name, range_text(row.energy, "J"), str(row.bits), row.technology, scope_words(row.scope))
        for row in verdict.rows
    ]
