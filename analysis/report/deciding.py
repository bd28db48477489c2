"""Where the ranges of a network and its ANN twin overlap: the constant that decides, and the value at which it flips.

One constant at a time goes through its range while all others stay typical, as in the tornado. Of those that turn the
comparison round, the one that moves it most decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from snnhw.analysis.digits import THIN, significant
from snnhw.analysis.energy.estimate import EnergyEstimate, Term
from snnhw.analysis.energy.twin_estimate import AnnEstimate
from snnhw.analysis.hardware.constants import Constant
from snnhw.analysis.ranges import Range

Key = tuple[str, str]  # constant, or what it follows; where its value and source come from


@dataclass(frozen=True)
class Deciding:
    """The constant whose range turns the comparison round."""

    constant: Constant
    flip: float  # SI: with this value, all others typical, both need the same
    cheaper_below: bool  # whether the network is cheaper below that value
    side: str  # whose constant it is: "network", "twin" or "both"

    @property
    def sentence(self) -> str:
        """What decides, in the unit of the source."""
        scale = self.constant.printed / self.constant.typical if self.constant.typical else 1.0
        unit = self.constant.unit
        whose = {"network": "", "twin": " of the twin", "both": ""}[self.side]
        name = (self.constant.follows or self.constant.name).replace("_", " ")
        where = "below" if self.cheaper_below else "above"
        if self.constant.follows:  # several constants along one curve
            share = self.flip / self.constant.typical
            return f"{name}{whose} decides: the network is cheaper {where} {significant(share)} of its typical value"
        return (
            f"{name}{whose} decides: the network is cheaper {where} {significant(self.flip * scale)}{THIN}{unit} "
            f"(typical {significant(self.constant.printed)}{THIN}{unit})"
        )


def deciding(found: EnergyEstimate, twin: AnnEstimate) -> Deciding | None:
    """The constant that decides between both; None where no constant alone turns it round."""
    own, other = _by_constant(found.terms), _by_constant(twin.terms)
    typical = found.per_inference.typical - twin.per_inference.typical
    flips: list[tuple[float, Deciding]] = []
    for key in {**own, **other}:
        network, ann = own.get(key), other.get(key)
        constant = (network or ann or (None,))[0]
        if constant is None:
            continue
        moved = [
            typical + (end - at) - (twin_end - twin_at)
            for end, at, twin_end, twin_at in zip(*_ends(network), *_ends(ann), strict=True)
        ]
        side = "both" if network and ann else "network" if network else "twin"
        for (low, high), (start, stop) in zip(
            ((moved[0], moved[1]), (moved[1], moved[2])),
            ((constant.range.low, constant.typical), (constant.typical, constant.range.high)),
            strict=True,
        ):
            if low * high <= 0 and low != high:
                at = start + (stop - start) * low / (low - high)
                flips.append((abs(moved[2] - moved[0]), Deciding(constant, at, low < high, side)))
    return max(flips, key=lambda one: one[0], default=(0.0, None))[1]


def _by_constant(terms: Iterable[Term]) -> dict[Key, tuple[Constant, Range]]:
    found: dict[Key, tuple[Constant, Range]] = {}
    for term in terms:
        constant = term.constant
        key = constant.follows or constant.name, f"{constant.source} {constant.range}" if not constant.follows else ""
        first, energy = found.get(key, (constant, Range.exact(0.0)))
        found[key] = first, energy + term.energy
    return found


def _ends(found: tuple[Constant, Range] | None) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """(J at low, typical and high, three times J at typical)."""
    ends = (0.0, 0.0, 0.0) if found is None else found[1].ends
    return ends, (ends[1],) * 3
