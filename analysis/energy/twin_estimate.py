"""The energy of an ANN twin: J per inference in one precision and one scope, traceable term by term."""

from __future__ import annotations

from dataclasses import dataclass

from snnhw.analysis.energy.estimate import Term
from snnhw.analysis.energy.twin_assumes import BARE_KEYS, SCOPE_EXCLUDES
from snnhw.analysis.ranges import Range


@dataclass(frozen=True)
class AnnEstimate:
    """J per inference of the twin in one precision, priced in one scope."""

    precision: str  # "fp32", "int8", "int4, matched"
    scope: str  # ARITHMETIC, MEMORY, MOVEMENT or PROCESSOR
    profiles: tuple[str, ...]  # technologies that span the range, the typical one first
    macs: int
    terms: tuple[Term, ...]
    assumes: tuple[str, ...]
    computes: str = ""  # how often it computes what, for one inference

    @property
    def key(self) -> str:
        """Name of the twin among those of a profile: "int8", "int8, with memory"."""
        return self.precision if self.scope in BARE_KEYS else f"{self.precision}, with {self.scope}"

    @property
    def per_inference(self) -> Range:
        """Sum of all terms, J."""
        return Range.total(term.energy for term in self.terms)

    @property
    def layers(self) -> dict[str, Range]:
        """J by layer."""
        found: dict[str, list[Range]] = {}
        for term in self.terms:
            found.setdefault(term.layer, []).append(term.energy)
        return {name: Range.total(parts) for name, parts in found.items()}

    @property
    def excludes(self) -> tuple[str, ...]:
        """What is not priced."""
        return SCOPE_EXCLUDES[self.scope]

    def to_dict(self) -> dict[str, object]:
        """One entry of `ann` in `report.json`."""
        return {
            "unit": "J",
            "precision": self.precision,
            "scope": self.scope,
            "profiles": list(self.profiles),
            "dense_macs": self.macs,
            "computes": self.computes,
            "per_inference": self.per_inference.to_dict(),
            "layers": {name: energy.to_dict() for name, energy in self.layers.items()},
            "terms": [term.to_dict() for term in self.terms],
            "assumes": list(self.assumes),
            "excludes": list(self.excludes),
        }
