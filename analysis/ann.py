"""The ANN twin: the same topology with one dense pass instead of T steps, priced in the same technology.

Counts in-bounds taps only and every weight, zero or not. FP32, and INT8 with INT32 accumulation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from analysis.breakeven import matched_bits
from analysis.profiles import Profile, load_profile
from analysis.ranges import Range
from analysis.rows import NetworkCounts
from snnhw.errors import InputError

DENSE = ("One multiply-accumulate per in-bounds tap and weight, zeros included; no sparsity is used.",)


@dataclass(frozen=True)
class AnnEstimate:
    """J per inference of the twin in one precision."""

    precision: str
    profiles: tuple[str, ...]  # technologies that span the range, the typical one first
    macs: int
    per_inference: Range
    layers: dict[str, Range]
    assumes: tuple[str, ...] = DENSE

    def to_dict(self) -> dict[str, Any]:
        """One entry of `ann` in `report.json`."""
        return {
            "unit": "J",
            "precision": self.precision,
            "profiles": list(self.profiles),
            "dense_macs": self.macs,
            "per_inference": self.per_inference.to_dict(),
            "layers": {name: energy.to_dict() for name, energy in self.layers.items()},
            "assumes": list(self.assumes),
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


def matched_estimate(counts: NetworkCounts, profile: Profile, sparsity: float) -> AnnEstimate:
    """The quantised network that tells apart as many values: ceil(log2(K*T + 1)) bits, zeros skipped.

    Its multiplier is the INT8 one, scaled by bits/8; the first layer is INT8 and dense. K = 1: Yan, Bai, Wong,
    arXiv:2409.08290; K levels extend it.

    Args:
        counts: of the SNN.
        profile: of the SNN, with an "int8" twin.
        sparsity: gamma, share of MACs that meet a zero activation, from `activation_sparsity` of the ReLU twin.

    Raises:
        InputError: gamma is not in 0..1, or the profile names no INT8 twin.
    """
    if not 0 <= sparsity <= 1:
        raise InputError(f"Activation sparsity {sparsity} is no share; give a number in 0..1.")
    bits = matched_bits(counts.max_levels, counts.timesteps)
    full, add = twin_mac(profile, "int8"), _span(profile, "int8", "ac")
    narrow = [(m - a) * bits / 8 + a for m, a in zip(full.ends, add.ends, strict=True)]
    mac = Range(*sorted(narrow)).scaled(1 - sparsity)
    layers = {
        layer.name: (full if layer.kind == "first" else mac).scaled(layer.dense_macs)
        for layer in counts.layers
        if layer.dense_macs
    }
    return AnnEstimate(
        precision=f"int{bits}, matched",
        profiles=profile.twins["int8"],
        macs=counts.total("dense_macs"),
        per_inference=Range.total(layers.values()),
        layers=layers,
        assumes=(
            f"Activations of {bits} bits, as many values as {counts.max_levels} levels and {counts.timesteps} steps; "
            f"{100 * sparsity:.0f} % of the MACs behind the first layer meet a zero and are skipped.",
            "The multiplier's energy is taken to be proportional to the width of the activation.",
        ),
    )


def twin_mac(profile: Profile, precision: str) -> Range:
    """J per multiply-accumulate of the twin: typical of the first named technology, range over all of them."""
    return _span(profile, precision, "mac")


def _span(profile: Profile, precision: str, constant: str) -> Range:
    names = profile.twins.get(precision, ())
    if not names:
        raise InputError(f"Profile {profile.name!r} names no {precision} twin; add it to its [twins] table.")
    spans = [load_profile(name)[constant].range for name in names]
    return Range(min(s.low for s in spans), spans[0].typical, max(s.high for s in spans))


def ann_estimates(counts: NetworkCounts, profile: Profile) -> dict[str, AnnEstimate]:
    """Every precision that the profile names a twin for."""
    return {precision: ann_estimate(counts, profile, precision) for precision in profile.twins}
