"""The ANN twin: the same topology with one dense pass instead of T steps, priced in the same technology.

Counts in-bounds taps only and every weight, zero or not. FP32, and INT8 with INT32 accumulation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from analysis.profiles import Profile, load_profile
from analysis.ranges import Range
from analysis.rows import NetworkCounts
from snnhw.errors import InputError


@dataclass(frozen=True)
class AnnEstimate:
    """J per inference of the twin in one precision."""

    precision: str
    profiles: tuple[str, ...]  # technologies that span the range, the typical one first
    macs: int
    per_inference: Range
    layers: dict[str, Range]

    def to_dict(self) -> dict[str, Any]:
        """One entry of `ann` in `report.json`."""
        return {
            "unit": "J",
            "precision": self.precision,
            "profiles": list(self.profiles),
            "dense_macs": self.macs,
            "per_inference": self.per_inference.to_dict(),
            "layers": {name: energy.to_dict() for name, energy in self.layers.items()},
            "assumes": ["One multiply-accumulate per in-bounds tap and weight, zeros included; no sparsity is used."],
            "excludes": ["memory", "activation functions, pools and residual additions", "control", "static power"],
        }


def ann_estimate(counts: NetworkCounts, profile: Profile, precision: str) -> AnnEstimate:
    """Arithmetic energy of the twin.

    Args:
        counts: of the SNN; only its `dense_macs` are used.
        profile: of the SNN; its `twins` name the technologies that price the ANN.
        precision: "fp32" or "int8".

    Raises:
        InputError: the profile names no twin of that precision.
    """
    mac = twin_mac(profile, precision)
    layers = {layer.name: mac.scaled(layer.dense_macs) for layer in counts.layers if layer.dense_macs}
    macs = counts.total("dense_macs")
    return AnnEstimate(precision, profile.twins[precision], macs, mac.scaled(macs), layers)


def twin_mac(profile: Profile, precision: str) -> Range:
    """J per multiply-accumulate of the twin: typical of the first named technology, range over all of them."""
    names = profile.twins.get(precision, ())
    if not names:
        raise InputError(f"Profile {profile.name!r} names no {precision} twin; add it to its [twins] table.")
    spans = [load_profile(name)["mac"].range for name in names]
    return Range(min(s.low for s in spans), spans[0].typical, max(s.high for s in spans))


def ann_estimates(counts: NetworkCounts, profile: Profile) -> dict[str, AnnEstimate]:
    """Every precision that the profile names a twin for."""
    return {precision: ann_estimate(counts, profile, precision) for precision in profile.twins}
