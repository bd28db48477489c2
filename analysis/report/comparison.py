"""Several reports side by side: accuracy against energy, and which models are on the Pareto front.

Takes reports of models, deployments or data that share their profiles; writes compare.html, compare.json, compare.csv.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from snnhw.analysis.ranges import Range
from snnhw.analysis.report.report import Report
from snnhw.analysis.report.sample_set import SampleSet, other_samples
from snnhw.analysis.report.verdict import listed
from snnhw.errors import InputError
from snnhw.graph.assumptions import Assumed, assumed
from snnhw.graph.finding import Finding


@dataclass(frozen=True)
class Comparison:
    """Reports by label, in the order given; all have the same profiles."""

    reports: Mapping[str, Report]

    @property
    def profiles(self) -> tuple[str, ...]:
        """Names of the profiles."""
        return tuple(next(iter(self.reports.values())).energy)

    @property
    def assumptions(self) -> dict[Assumed, tuple[str, ...]]:
        """What numbers rest on that nothing says, with the models of which that is so."""
        found: dict[Assumed, tuple[str, ...]] = {}
        for label, report in self.reports.items():
            for taken in report.assumptions:
                found[taken] = (*found.get(taken, ()), label)
        return found

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What keeps the models from being ranked: that they ran on different samples; empty where they did not."""
        return other_samples(
            {
                label: SampleSet(report.stamp.data, report.stamp.data_checksum, report.counts.samples)
                for label, report in self.reports.items()
            }
        )

    @property
    def ranked(self) -> bool:
        """Whether there is a front; across different samples an accuracy or an energy may differ by the data alone."""
        return not self.findings

    def accuracy(self, label: str) -> float | None:
        """Accuracy of the first stage, None if it was not measured."""
        return next(iter(self.reports[label].accuracy.values()), None)

    def energy(self, label: str, profile: str) -> Range:
        """J per inference."""
        return self.reports[label].energy[profile].per_inference

    def front(self, profile: str) -> tuple[str, ...]:
        """Models on the Pareto front of `profile`: no other `beats` them. Those without an accuracy are left out.

        There is no front across different samples.
        """
        if not self.ranked:
            return ()
        points = {
            label: (accuracy, self.energy(label, profile))
            for label in self.reports
            if (accuracy := self.accuracy(label)) is not None
        }
        return tuple(
            label
            for label, point in points.items()
            if not any(beats(other, point) for name, other in points.items() if name != label)
        )

    @property
    def headline(self) -> str:
        """Which models are on the Pareto front, a sentence for each different front; or why there is none."""
        if not self.ranked:
            return " ".join(f"Nobody is ranked: {finding.message}; {finding.remedy}." for finding in self.findings)
        fronts: dict[tuple[str, ...], list[str]] = {}
        for profile in self.profiles:
            fronts.setdefault(self.front(profile), []).append(profile)
        return " ".join(
            f"{listed(front)} {'is' if len(front) == 1 else 'are'} beaten by none on {listed(profiles)}."
            for front, profiles in fronts.items()
            if front
        )

    def to_dict(self) -> dict[str, object]:
        """The content of compare.json."""
        return {
            "models": {
                label: {
                    "model": report.model.to_dict(),
                    "data": report.stamp.data,
                    "data_checksum": report.stamp.data_checksum,
                    "samples": report.counts.samples,
                    "timesteps": report.counts.timesteps,
                    "accuracy": self.accuracy(label),
                    "totals": report.counts.to_dict()["totals"],
                    "energy": {p: {"unit": "J", **self.energy(label, p).to_dict()} for p in self.profiles},
                }
                for label, report in self.reports.items()
            },
            "front": {profile: list(self.front(profile)) for profile in self.profiles},
            "findings": [finding.to_dict() for finding in self.findings],
            "assumed": [
                {"model": label, **finding.to_dict()}
                for label, report in self.reports.items()
                for finding in assumed(report.findings)
            ],
        }


Point = tuple[float, Range]  # accuracy, energy


def beats(a: Point, b: Point) -> bool:
    """Whether `a` is at least as accurate and needs at most the energy of `b` whatever the constants, one of them less.

    The constants of a profile are the same for both, so low is compared with low, typical with typical, high with high.
    """
    pairs = ((a[1].low, b[1].low), (a[1].typical, b[1].typical), (a[1].high, b[1].high))
    as_good = a[0] >= b[0] and all(x <= y for x, y in pairs)
    return as_good and (a[0] > b[0] or any(x < y for x, y in pairs))


def compare_reports(reports: Mapping[str, Report]) -> Comparison:
    """Comparison of at least two reports.

    Raises:
        InputError: fewer than two, or their profiles differ.
    """
    if len(reports) < 2:
        raise InputError("A comparison needs at least two reports; name one more model.")
    first, *others = reports.items()
    for label, report in others:
        if set(report.energy) != set(first[1].energy):
            raise InputError(
                f"{first[0]} is priced on {', '.join(first[1].energy)} and {label} on {', '.join(report.energy)}; "
                "report both on the same profiles."
            )
    return Comparison(dict(reports))


def comparison_frame(comparison: Comparison) -> pd.DataFrame:
    """One row per model and profile."""
    frame: pd.DataFrame = pd.DataFrame(_rows(comparison))
    return frame


def _rows(comparison: Comparison) -> Iterator[dict[str, Any]]:
    for label, report in comparison.reports.items():
        for profile in comparison.profiles:
            energy = comparison.energy(label, profile)
            per_inference = {
                f"{key}_per_inference": report.counts.total(key) / report.counts.samples
                for key in ("events", "unit_synops", "replicated_synops")
            }
            yield {
                "label": label,
                "model": report.model.name,
                "profile": profile,
                "data": report.stamp.data,
                "data_sha256": report.stamp.data_checksum,
                "samples": report.counts.samples,
                "timesteps": report.counts.timesteps,
                "accuracy": comparison.accuracy(label),
                "parameters": report.model.parameters,
                **per_inference,
                "low_j": energy.low,
                "typical_j": energy.typical,
                "high_j": energy.high,
                "on_front": label in comparison.front(profile) if comparison.ranked else None,
            }
