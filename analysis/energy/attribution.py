"""What an inference spends its energy on: by layer, by level of the spikes, by constant; each adds up to the whole.

A spike of level k pays for itself where it is sent, and for the synops that it causes where it arrives. Messages are
shared out as their synops are, since one message of a graded spike carries several levels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from snnhw.analysis.counting.counts import LayerCounts, NetworkCounts
from snnhw.analysis.energy.estimate import EnergyEstimate, Term
from snnhw.analysis.ranges import Range

INPUT, FIXED = "input", "fixed"  # events of the input; what no spike changes, or no level can be named for
SENT = "spikes sent"


@dataclass(frozen=True)
class Attribution:
    """J per inference."""

    layers: Mapping[str, Range]
    levels: tuple[Range, ...]  # of the spikes of level 1 .. K
    input: Range  # of the events that the input sends
    fixed: Range  # updates, steps, analogue layers, products and static power, which belong to no level
    constants: Mapping[str, Range]  # by constant, or by what several of them follow

    def to_dict(self) -> dict[str, object]:
        """One entry of `attribution` in report.json."""
        return {
            "unit": "J",
            "layers": {name: energy.to_dict() for name, energy in self.layers.items()},
            "levels": [energy.to_dict() for energy in self.levels],
            INPUT: self.input.to_dict(),
            FIXED: self.fixed.to_dict(),
            "constants": {name: energy.to_dict() for name, energy in self.constants.items()},
        }


def attribution(counts: NetworkCounts, energy: EnergyEstimate) -> Attribution:
    """The terms of `energy`, which was estimated from `counts`, in three ways."""
    rows = {layer.name: layer for layer in counts.layers}
    parts: dict[int | str, list[Range]] = {INPUT: [], FIXED: [], **{k: [] for k in range(counts.max_levels)}}
    constants: dict[str, list[Range]] = {}
    for term in energy.terms:
        constants.setdefault(term.constant.follows or term.constant.name, []).append(term.energy)
        for part, share in _shares(term, rows.get(term.layer)).items():
            parts[part].append(term.energy.scaled(share))
    return Attribution(
        energy.layers,
        tuple(Range.total(parts[k]) for k in range(counts.max_levels)),
        Range.total(parts[INPUT]),
        Range.total(parts[FIXED]),
        {name: Range.total(found) for name, found in constants.items()},
    )


def _shares(term: Term, layer: LayerCounts | None) -> dict[int | str, float]:
    """Level from 0, INPUT or FIXED -> its share of a term."""
    if layer is None or not term.by_spikes:
        return {FIXED: 1.0}
    amounts: dict[int | str, int] = {}
    if term.quantity == SENT:
        amounts.update(enumerate(layer.spikes))
    else:
        for edge in (*layer.edges, *layer.shared):
            for level, synops in enumerate(edge.level_synops):
                part = INPUT if edge.input_size else level
                amounts[part] = amounts.get(part, 0) + synops
        amounts[FIXED] = layer.met_synops
    whole = sum(amounts.values())
    return {part: amount / whole for part, amount in amounts.items() if amount} if whole else {FIXED: 1.0}
