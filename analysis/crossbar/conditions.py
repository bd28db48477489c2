"""What would have to be true for the network on crossbars to need less than something else.

Takes the estimate of the network on crossbars and what it is held against; gives the share of its reads that may be
left, and the price of a conversion below which it needs less. Everything else is taken as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from snnhw.analysis.crossbar.pricing import CrossbarEstimate
from snnhw.analysis.crossbar.verdict import Row
from snnhw.analysis.digits import percent, range_text
from snnhw.analysis.ranges import Range


@dataclass(frozen=True)
class Condition:
    """One thing as it is, and as it would have to be."""

    what: str
    now: str
    needed: str

    def to_dict(self) -> dict[str, str]:
        """Plain values for JSON."""
        return dict(self.__dict__)


def conversions(estimate: CrossbarEstimate) -> float:
    """Conversions per inference."""
    return sum(term.count.typical for term in estimate.terms if term.part == "adc")


def conversion_price(estimate: CrossbarEstimate, energy: float) -> float | None:
    """J of a mean conversion with which the network would need `energy`, all else typical; None: with no price."""
    rest = estimate.per_inference.typical - estimate.split["adc"].typical
    return (energy - rest) / conversions(estimate) if energy > rest else None


def conditions(
    every: CrossbarEstimate, skipped: CrossbarEstimate, twin: CrossbarEstimate, digital: Row
) -> tuple[Condition, ...]:
    """Of the network with all reads and with silent ones skipped, against its matched twin and a digital way.

    Args:
        every: the network, every read done.
        skipped: the network, silent reads skipped.
        twin: the matched twin on the same tiles, silent reads skipped.
        digital: what else it is held against.
    """
    left, allowed = conversions(skipped) / conversions(every), conversions(twin) / conversions(every)
    reads = Condition(
        f"conversions that are left of all, to convert no more often than {twin.what}, silent reads skipped",
        percent(left),
        f"at most {percent(allowed)}",
    )
    mean = skipped.split["adc"].typical / conversions(skipped)
    prices = tuple(
        Condition(
            f"a mean conversion, to need less than the {end} energy of {digital.name}",
            range_text(Range.exact(mean), "J"),
            _below(conversion_price(skipped, energy)),
        )
        for end, energy in (("lowest", digital.energy.low), ("typical", digital.energy.typical))
    )
    return (reads, *prices)


def _below(price: float | None) -> str:
    return "no price: all else needs more" if price is None else f"below {range_text(Range.exact(price), 'J')}"
