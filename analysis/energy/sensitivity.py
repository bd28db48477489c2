"""Which constant drives the result: the swing of each (tornado), and the spread when all vary at once (sampling)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnhw.analysis.energy.estimate import EnergyEstimate, Term
from snnhw.analysis.ranges import Range
from snnhw.errors import InputError


@dataclass(frozen=True)
class Swing:
    """J per inference when one constant goes to its low and its high end, all others typical."""

    constant: str  # or what several constants follow, such as the curve that gives the access to every memory
    low: float
    high: float
    share: float  # of the typical energy that this constant prices

    @property
    def width(self) -> float:
        """J between both ends."""
        return self.high - self.low

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {**self.__dict__, "width": self.width}


def tornado(energy: EnergyEstimate) -> tuple[Swing, ...]:
    """One swing per constant, the widest first. Terms that share a constant, or follow the same, move together."""
    whole = energy.per_inference.typical
    found = []
    for name, terms in _by_constant(energy).items():
        part = Range.total(term.energy for term in terms)
        rest = whole - part.typical
        found.append(Swing(name, rest + part.low, rest + part.high, part.typical / whole if whole else 0.0))
    return tuple(sorted(found, key=lambda swing: -swing.width))


def sampled(energy: EnergyEstimate, draws: int = 10_000, seed: int = 0) -> dict[str, float]:
    """J per inference at the 5th, 50th and 95th percentile when the constants vary independently.

    Each constant is drawn from a triangle over low, typical and high; terms that share or follow it use the same
    draw. Narrower than the interval of `per_inference`, which takes all constants at one end together. The typical
    energy may lie outside: where a constant can be off to one side only, most draws are on that side.
    """
    if draws < 100:
        raise InputError(f"{draws} draws are too few for percentiles; take at least 100.")
    rng = np.random.default_rng(seed)
    total = np.zeros(draws)
    for terms in _by_constant(energy).values():
        part = Range.total(term.energy for term in terms)
        if part.low < part.high:
            total += rng.triangular(part.low, part.typical, part.high, draws)
        else:
            total += part.typical
    p5, p50, p95 = np.percentile(total, [5, 50, 95])
    return {"p5": float(p5), "p50": float(p50), "p95": float(p95)}


def _by_constant(energy: EnergyEstimate) -> dict[str, list[Term]]:
    groups: dict[str, list[Term]] = {}
    for term in energy.terms:
        groups.setdefault(term.constant.follows or term.constant.name, []).append(term)
    return groups
