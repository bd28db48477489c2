"""The energy heat map: what each layer spends on each part of the work, a cell the stronger the more it takes.

Takes an estimate; gives rows that add up to it, and their shares for the picture of the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from snnhw.analysis.energy.estimate import CHIP, PARTS, EnergyEstimate, Term
from snnhw.analysis.ranges import Range


@dataclass(frozen=True)
class HeatMap:
    """J per inference by layer and part; what the whole chip spends is a row of its own, CHIP."""

    profile: str
    parts: tuple[str, ...]  # that have terms, in the order of PARTS
    rows: Mapping[str, Mapping[str, Range]]

    def shade(self, layer: str, part: str) -> float:
        """How strongly a cell is filled, from 0 to 1 for the one that takes most at typical constants."""
        largest = max((cell.typical for row in self.rows.values() for cell in row.values()), default=0.0)
        cell = self.rows[layer].get(part)
        return cell.typical / largest if cell is not None and largest else 0.0

    def total(self, layer: str) -> Range:
        """J of a row."""
        return Range.total(self.rows[layer].values())

    @property
    def is_split(self) -> bool:
        """Whether it tells anything apart: more than one row."""
        return len(self.rows) > 1


def heat_map(found: EnergyEstimate) -> HeatMap:
    """The terms of an estimate, by layer and part."""
    cells: dict[str, dict[str, list[Term]]] = {}
    for term in found.terms:
        cells.setdefault(term.layer, {}).setdefault(term.part, []).append(term)
    rows = {
        layer: {part: Range.total(term.energy for term in terms) for part, terms in parts.items()}
        for layer, parts in cells.items()
    }
    used = {part for row in rows.values() for part in row}
    return HeatMap(found.profile.name, tuple(part for part in PARTS if part in used), rows)


def shares(found: EnergyEstimate) -> dict[str, float]:
    """The share of each layer of the typical energy; of none is what the whole chip spends."""
    whole = found.per_inference.typical
    return {name: energy.typical / whole for name, energy in found.layers.items() if name != CHIP} if whole else {}
