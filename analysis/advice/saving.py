"""What a change saves: the energy before and after it, with the same constants on both sides.

The constants are uncertain, but they are the same before and after. So each of them goes from its low to its high end
on both sides together, and the range of the share that is saved,

    share = 1 - sum_g a_g(t_g) / sum_g b_g(t_g),    t_g in [low, high] for each constant g,

is narrower than a quotient of two ranges. A quotient of sums that are linear in every t_g takes its extremes at the
ends of the t_g. The slope a_g' / b_g' of each constant alone decides which end is best (Dinkelbach, 1967), so that
only as many combinations as there are constants have to be looked at.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from snnhw.analysis.energy.estimate import EnergyEstimate, Term
from snnhw.analysis.ranges import Range
from snnhw.errors import InputError


@dataclass(frozen=True)
class Saving:
    """What is saved of one inference; below zero where the change costs energy."""

    share: Range  # of the energy before
    joules: Range

    def widened(self, share: float, joules: float) -> Saving:
        """The same with both ends as much further apart, for what sampling adds."""
        return Saving(_wider(self.share, share), _wider(self.joules, joules))

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {"share": self.share.to_dict(), "joules": {"unit": "J", **self.joules.to_dict()}}


def saving(before: EnergyEstimate, after: EnergyEstimate) -> Saving:
    """What `after` needs less than `before`; both of one profile.

    Raises:
        InputError: the estimates are of different profiles, cover different parts of a machine, or nothing is spent.
    """
    if before.profile.name != after.profile.name or before.scope != after.scope:
        raise InputError(
            f"A saving is of one profile and scope, not from {before.profile.name} ({before.scope}) to "
            f"{after.profile.name} ({after.scope}); compare energies of the same profile."
        )
    old, new = _by_constant(before.terms), _by_constant(after.terms)
    pairs = [(old.get(name, NOTHING), new.get(name, NOTHING)) for name in {**old, **new}]
    typical = sum(b.typical for b, _ in pairs), sum(a.typical for _, a in pairs)
    if sum(b.low for b, _ in pairs) <= 0:
        raise InputError(f"On {before.profile.name} the network spends nothing, so nothing can be saved.")
    shares = [1 - sum(a) / sum(b) for b, a in _corners(pairs)]
    share = 1 - typical[1] / typical[0]
    return Saving(Range(min(share, *shares), share, max(share, *shares)), _difference(pairs))


NOTHING = Range.exact(0.0)
Pair = tuple[Range, Range]  # J before and after that one constant prices


def _by_constant(terms: Iterable[Term]) -> Mapping[str, Range]:
    found: dict[str, Range] = {}
    for term in terms:
        name = term.constant.follows or term.constant.name
        found[name] = found.get(name, NOTHING) + term.energy
    return found


def _corners(pairs: list[Pair]) -> Iterable[tuple[list[float], list[float]]]:
    """(J before, J after) by constant at the combinations of ends that can be extreme."""
    steepest = sorted(pairs, key=_slope)
    for cut in range(len(steepest) + 1):
        for first, second in (("low", "high"), ("high", "low")):
            ends = [first] * cut + [second] * (len(steepest) - cut)
            yield (
                [getattr(b, end) for (b, _), end in zip(steepest, ends, strict=True)],
                [getattr(a, end) for (_, a), end in zip(steepest, ends, strict=True)],
            )


def _slope(pair: Pair) -> float:
    """How fast the energy after the change grows with a constant, for each joule that it adds before."""
    before, after = (found.high - found.low for found in pair)
    return after / before if before else math.inf if after else 0.0


def _difference(pairs: list[Pair]) -> Range:
    """J saved: each constant at the end where it saves least, and at the end where it saves most."""
    apart = [[b - a for b, a in zip(before.ends, after.ends, strict=True)] for before, after in pairs]
    return Range(sum(min(d) for d in apart), sum(d[1] for d in apart), sum(max(d) for d in apart))


def _wider(found: Range, by: float) -> Range:
    return Range(found.low - by, found.typical, found.high + by)
