"""Energy per inference from counts and a profile, as a range, traceable term by term.

Every term is a count times a constant of the profile; its model says which counts are priced (`models`). The split and
the layers are sums of the same terms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from snnhw.analysis.counting.counts import LayerCounts, NetworkCounts
from snnhw.analysis.digits import range_text
from snnhw.analysis.energy.estimate_assumes import assumes, excludes
from snnhw.analysis.energy.models import MODEL_TERMS
from snnhw.analysis.energy.static import StaticLoad
from snnhw.analysis.hardware.constants import Constant
from snnhw.analysis.hardware.profiles import Profile
from snnhw.analysis.hardware.scopes import scope_words, with_static
from snnhw.analysis.hardware.workload import check_workload
from snnhw.analysis.ranges import Range
from snnhw.errors import InputError
from snnhw.glance import Summarised, Summary

CHIP = "chip"  # the layer of what a chip spends as a whole, which it does not tell apart by layers
WHOLE = ("steps", "machine", "static")  # parts that belong to the chip and to no layer
PARTS = (
    "first_layer",
    "synapse",
    "attention",
    "neuron",
    "memory",
    "communication",
    "readout",
    "steps",
    "machine",
    "static",
)


@dataclass(frozen=True)
class Term:
    """`count` (per inference) times `constant`, one contribution of one layer."""

    layer: str
    part: str  # one of PARTS
    quantity: str  # the count that is priced
    count: Range
    constant: Constant
    by_spikes: bool  # grows with the firing rate; False: with the number of steps alone

    @property
    def energy(self) -> Range:
        """J per inference."""
        c, k = self.constant.range, self.count
        return Range(k.low * c.low, k.typical * c.typical, k.high * c.high)

    def to_dict(self) -> dict[str, object]:
        """Formula, count, constant and source for a footnote."""
        return {
            "layer": self.layer,
            "part": self.part,
            "formula": f"{self.quantity} * {self.constant.name}",
            "count": self.count.to_dict(),
            "constant": self.constant.name,
            "source": f"{self.constant.source}, {self.constant.table}",
            "energy": self.energy.to_dict(),
        }


@dataclass(frozen=True, repr=False)
class EnergyEstimate(Summarised):
    """J per inference of one network on one profile."""

    profile: Profile
    deployment: str
    terms: tuple[Term, ...]
    assumes: tuple[str, ...]
    excludes: tuple[str, ...]

    @property
    def per_inference(self) -> Range:
        """Sum of all terms, J."""
        return Range.total(term.energy for term in self.terms)

    @property
    def scope(self) -> str:
        """What of the machine it covers; static power that was added to the profile's constants is part of it."""
        added = any(term.constant.name == "static_chip" for term in self.terms)
        return with_static(self.profile.scope) if added else self.profile.scope

    @property
    def split(self) -> dict[str, Range]:
        """J by part, in the order of PARTS, parts without terms left out."""
        return self._by(lambda term: term.part, PARTS)

    @property
    def layers(self) -> dict[str, Range]:
        """J by layer, in the order of the counts."""
        return self._by(lambda term: term.layer, tuple(dict.fromkeys(term.layer for term in self.terms)))

    def summary(self) -> Summary:
        """The range of the whole and of its parts."""
        return Summary(
            f"EnergyEstimate of {self.profile.name!r}, {self.deployment} deployment",
            (
                ("per inference", range_text(self.per_inference, "J")),
                ("covers", scope_words(self.scope)),
                *((part, range_text(energy, "J")) for part, energy in self.split.items()),
                ("terms", str(len(self.terms))),
            ),
        )

    def _by(self, key: Callable[[Term], str], order: tuple[str, ...]) -> dict[str, Range]:
        groups: dict[str, list[Range]] = {name: [] for name in order}
        for term in self.terms:
            groups[key(term)].append(term.energy)
        return {name: Range.total(parts) for name, parts in groups.items() if parts}

    def to_dict(self) -> dict[str, object]:
        """One entry of `energy` in `report.json`."""
        return {
            "unit": "J",
            "title": self.profile.title,
            "model": self.profile.model,
            "scope": self.scope,
            "covers": scope_words(self.scope),
            "deployment": self.deployment,
            "technology_nm": self.profile.technology_nm,
            "per_inference": self.per_inference.to_dict(),
            "split": {part: energy.to_dict() for part, energy in self.split.items()},
            "layers": {layer: energy.to_dict() for layer, energy in self.layers.items()},
            "terms": [term.to_dict() for term in self.terms],
            "constants": {name: constant.to_dict() for name, constant in self.profile.constants.items()},
            "assumes": list(self.assumes),
            "excludes": list(self.excludes),
        }


def estimate(
    counts: NetworkCounts, profile: Profile, *, deployment: str | None = None, static: StaticLoad | None = None
) -> EnergyEstimate:
    """Energy per inference.

    Args:
        counts: of any number of samples, at least one.
        profile: its `model` says which counts are priced.
        deployment: how the K-level units run, one of `passes.DEPLOYMENTS`; None takes the profile's.
        static: chips and seconds per inference from `static_load`; None leaves static power out.

    Raises:
        InputError: no samples, no such deployment, or the profile is a measurement of another network or prices
            crossbars.
    """
    if counts.samples < 1:
        raise InputError(f"The counts of {counts.name!r} hold no samples; simulate at least one.")
    check_workload(profile.measured_on, counts, profile.name)
    if profile.model not in MODEL_TERMS:
        raise InputError(
            f"The profile {profile.name!r} prices reads of crossbars; give it to snnhw map --chip rram --profile."
        )
    chosen = deployment or profile.deployment
    share = 1 / counts.samples
    terms = [
        replace(term, count=term.count.scaled(share))
        for layer in counts.layers
        for term in priced(layer, counts, profile, chosen)
    ]
    if static is not None:
        chip_seconds = static.seconds.scaled(static.chips)
        terms.append(Term(CHIP, "static", f"chip-seconds ({static.mode})", chip_seconds, profile["static_chip"], False))
    return EnergyEstimate(
        profile, chosen, tuple(terms), assumes(counts, profile, static), excludes(counts, profile, static)
    )


def priced(layer: LayerCounts, counts: NetworkCounts, profile: Profile, deployment: str) -> Iterator[Term]:
    """What one row of `counts` costs over all samples; each count is of all of them, and linear in the row's."""
    for p in MODEL_TERMS[profile.model](layer, profile, deployment, counts):
        constant, count = _constant(profile, p.constant), _range(p.count)
        if constant is not None and count.high > 0:
            yield Term(CHIP if p.part in WHOLE else layer.name, p.part, p.quantity, count, constant, p.by_spikes)


def _constant(profile: Profile, constant: str | Constant) -> Constant | None:
    """The constant; None where the profile does not have it, which leaves the term out."""
    return constant if isinstance(constant, Constant) else profile.constants.get(constant)


def _range(count: float | Range) -> Range:
    return count if isinstance(count, Range) else Range.exact(float(count))
