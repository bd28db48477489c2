"""What a sweep found: every point with its outcome, the front of those that none beats, and what mattered."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from snnhw.analysis.report.verdict import listed
from snnhw.sweeps.dimension import Drawn, value_of
from snnhw.sweeps.front import front
from snnhw.sweeps.outcome import Outcome
from snnhw.sweeps.spec import Spec

COMPLETE, FAILED, RUNNING, WAITING = "complete", "failed", "running", "waiting"


@dataclass(frozen=True)
class Tried:
    """One point of the sweep."""

    root: int  # its number, which is that of its first trial
    state: str
    point: Mapping[str, Drawn]  # perhaps not all keys of a trial that was killed early
    outcome: Outcome | None  # of a complete one
    error: str = ""  # of a failed one, one sentence
    attempts: int = 1
    folder: str = ""  # its run folder
    host: str = ""  # the machine that it lies on
    seconds: float = 0.0  # that it took

    @property
    def fits(self) -> bool:
        """Whether it is complete and keeps the constraint."""
        return self.outcome is not None and self.outcome.over == 0


@dataclass(frozen=True)
class SweepResult:
    """A sweep, priced on one profile."""

    spec: Spec
    profile: str
    objectives: tuple[str, ...]
    tried: tuple[Tried, ...]
    importances: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # by objective, then key; sums are 1
    notes: tuple[str, ...] = ()

    @property
    def front(self) -> tuple[Tried, ...]:
        """Points that fit the chip and that none of such points beats, most accurate first."""
        losses = {
            one.root: one.outcome.losses(self.objectives) for one in self.tried if one.fits and one.outcome is not None
        }
        on = set(front({root: point for root, point in losses.items() if all(map(math.isfinite, point))}))
        return tuple(sorted((one for one in self.tried if one.root in on), key=lambda one: losses[one.root]))

    @property
    def winners(self) -> dict[str, Tried]:
        """The best of the front in each objective."""
        best = {}
        for at, objective in enumerate(self.objectives):
            known = [(one.outcome.losses(self.objectives)[at], one.root, one) for one in self.front if one.outcome]
            if known:
                best[objective] = min(known, key=lambda entry: entry[:2])[2]
        return best

    def many(self, state: str) -> int:
        """Points in that state."""
        return sum(one.state == state for one in self.tried)

    @property
    def headline(self) -> str:
        """How much was tried and what is on the front, in one sentence."""
        counted = f"{self.many(COMPLETE)} of {self.spec.budget} trials are complete"
        unfit = sum(one.outcome is not None and not one.fits for one in self.tried)
        others = [
            f"{many} {words}"
            for many, words in (
                (self.many(FAILED), "failed"),
                (self.many(RUNNING), "run"),
                (self.many(WAITING), "wait"),
                (unfit, f"do not fit {self.spec.chips} {self.spec.chip_asked}"),
            )
            if many
        ]
        rest = f" ({', '.join(others)})" if others else ""
        found = self.front
        if not found:
            return f"{counted}{rest}; none is on a front yet."
        verb = "is" if len(found) == 1 else "are"
        names = listed([f"{one.root:04d}" for one in found])
        return f"{counted}{rest}; {names} {verb} beaten by none in {listed(self.objectives)} on {self.profile}."

    def to_dict(self) -> dict[str, object]:
        """The content of sweep.json."""
        on = {one.root for one in self.front}
        return {
            "sweep": self.spec.name,
            "spec": {**self.spec.identity(), "trials": self.spec.trials, "points": self.spec.size},
            "profile": self.profile,
            "objectives": list(self.objectives),
            "headline": self.headline,
            "front": [one.root for one in self.front],
            "winners": {objective: one.folder for objective, one in self.winners.items()},
            "importances": {objective: dict(found) for objective, found in self.importances.items()},
            "notes": list(self.notes),
            "trials": [
                {
                    "trial": one.root,
                    "state": one.state,
                    "point": self.values(one),
                    "outcome": None if one.outcome is None else one.outcome.to_dict(),
                    "fits": one.fits,
                    "on_front": one.root in on,
                    "error": one.error,
                    "attempts": one.attempts,
                    "folder": one.folder,
                    "host": one.host,
                    "seconds": one.seconds,
                }
                for one in self.tried
            ],
        }

    def values(self, one: Tried) -> dict[str, object]:
        """The point as a person writes it."""
        known = {dimension.key: dimension for dimension in self.spec.space}
        return {key: value_of(known[key], drawn) for key, drawn in one.point.items() if key in known}


def sweep_frame(result: SweepResult) -> pd.DataFrame:
    """One row per point."""
    on = {one.root for one in result.front}
    rows: list[dict[str, Any]] = []
    for one in result.tried:
        found = one.outcome
        values = result.values(one)
        rows.append(
            {
                "trial": one.root,
                "state": one.state,
                "on_front": one.root in on,
                "fits": one.fits,
                "profile": result.profile,
                "accuracy": None if found is None else found.accuracy,
                "low_j": None if found is None else found.energy.low,
                "typical_j": None if found is None else found.energy.typical,
                "high_j": None if found is None else found.energy.high,
                "latency_s": None if found is None or found.latency is None else found.latency.high,
                "chips": None if found is None else found.chips,
                "test_accuracy": None if found is None else found.test_accuracy,
                **{dimension.key: str(values.get(dimension.key, "")) for dimension in result.spec.space},
                "folder": one.folder,
                "error": one.error,
            }
        )
    frame: pd.DataFrame = pd.DataFrame(rows)
    return frame
