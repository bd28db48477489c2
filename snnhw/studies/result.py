"""What a study of data fractions found: accuracies with their intervals, differences seed by seed, energies.

A difference is claimed only where the interval of the paired differences leaves out zero and the intervals of both
accuracies do not overlap; everything else is open.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from snnhw.analysis.ranges import Range
from snnhw.studies.assumes import ASSUMES
from snnhw.studies.interval import CONFIDENCE, Interval, interval
from snnhw.studies.plan import NETWORKS, Plan, Point

COMPARED = (("mlf2", "mlf1"), ("mlf3", "mlf1"), ("mlf1", "plain"), ("mlf3", "plain"), ("mlf3", "relu"))
HIGHER, LOWER, OPEN = "higher", "lower", "open"


@dataclass(frozen=True)
class Trained:
    """One training and what its network costs."""

    point: Point
    accuracy: float  # on the test split
    parameters: int
    samples: int  # different ones that it was trained on
    steps: int  # of the optimiser
    batch: int
    seconds: float
    energy: Range | None  # J per inference on the profile of the plan; None of the ReLU twin

    @property
    def shown(self) -> float:
        """How often each of its samples was shown, on average."""
        return self.steps * self.batch / self.samples


@dataclass(frozen=True)
class Cell:
    """One network at one fraction of one recipe, over all seeds."""

    recipe: str
    network: str
    fraction: float
    runs: tuple[Trained, ...]  # by seed

    @property
    def accuracies(self) -> tuple[float, ...]:
        """By seed."""
        return tuple(run.accuracy for run in self.runs)

    @cached_property
    def accuracy(self) -> Interval:
        """Mean and interval over the seeds."""
        return interval(self.accuracies)

    @property
    def energy(self) -> Range | None:
        """J per inference, the mean over the seeds of each end."""
        found = [run.energy for run in self.runs if run.energy is not None]
        return mean_range(found) if found else None

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        first, energy = self.runs[0], self.energy
        return {
            "recipe": self.recipe,
            "network": self.network,
            "fraction": self.fraction,
            "samples": first.samples,
            "shown": first.shown,
            "steps": first.steps,
            "parameters": first.parameters,
            "accuracy": self.accuracy.to_dict(),
            "accuracies": list(self.accuracies),
            "energy_j": None if energy is None else energy.to_dict(),
        }


@dataclass(frozen=True)
class Difference:
    """How much more accurate one network is than another, seed by seed."""

    a: Cell
    b: Cell
    paired: Interval
    beyond_whole: Interval | None  # the same, less what it is at the largest fraction; None at that one

    @property
    def verdict(self) -> str:
        """HIGHER or LOWER where nothing overlaps, else OPEN."""
        if self.a.accuracy.overlaps(self.b.accuracy) or self.paired.low <= 0 <= self.paired.high:
            return OPEN
        return HIGHER if self.paired.mean > 0 else LOWER

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "recipe": self.a.recipe,
            "fraction": self.a.fraction,
            "a": self.a.network,
            "b": self.b.network,
            "difference": self.paired.to_dict(),
            "verdict": self.verdict,
            "beyond_whole": None if self.beyond_whole is None else self.beyond_whole.to_dict(),
        }


@dataclass(frozen=True)
class Reached:
    """The least data with which a network surely reaches an accuracy, and what an inference of it costs then."""

    recipe: str
    network: str
    target: float
    cell: Cell | None  # None: with none of the fractions

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        cell = self.cell
        energy = None if cell is None else cell.energy
        return {
            "recipe": self.recipe,
            "network": self.network,
            "target": self.target,
            "fraction": None if cell is None else cell.fraction,
            "energy_j": None if energy is None else energy.to_dict(),
        }


@dataclass(frozen=True)
class DataStudy:
    """All trainings of a plan, and what follows from them."""

    plan: Plan
    runs: tuple[Trained, ...]
    ann: Mapping[str, Mapping[str, Range]]  # by recipe: J per inference of the twin with the same layers, by its key

    @cached_property
    def cells(self) -> dict[tuple[str, str, float], Cell]:
        """By recipe, network and fraction, in the order of the plan."""
        grouped: dict[tuple[str, str, float], list[Trained]] = {}
        for run in self.runs:
            at = run.point
            grouped.setdefault((at.recipe, at.network, at.fraction), []).append(run)
        return {key: Cell(*key, tuple(sorted(runs, key=lambda run: run.point.seed))) for key, runs in grouped.items()}

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """The pairs of COMPARED at every fraction."""
        return tuple(
            self._difference(recipe, fraction, a, b)
            for recipe in self.plan.recipes
            for a, b in COMPARED
            for fraction in self.plan.fractions
        )

    def twin(self, recipe: str) -> tuple[str, Range] | None:
        """Key and energy of the INT8 twin of the widest scope, which is most like a chip; None without any twin."""
        keys = [key for key in self.ann[recipe] if key.startswith("int8")] or list(self.ann[recipe])
        return (keys[-1], self.ann[recipe][keys[-1]]) if keys else None

    def _difference(self, recipe: str, fraction: float, a: str, b: str) -> Difference:
        def by_seed(at: float) -> list[float]:
            here, there = self.cells[recipe, a, at], self.cells[recipe, b, at]
            return [one - other for one, other in zip(here.accuracies, there.accuracies, strict=True)]

        paired, most = by_seed(fraction), max(self.plan.fractions)
        beyond = [one - other for one, other in zip(paired, by_seed(most), strict=True)]
        return Difference(
            self.cells[recipe, a, fraction],
            self.cells[recipe, b, fraction],
            interval(paired),
            None if fraction == most else interval(beyond),
        )

    @cached_property
    def reached(self) -> tuple[Reached, ...]:
        """For each accuracy asked for: the least fraction whose whole interval lies at it or above."""
        return tuple(
            Reached(recipe, network, target, self._least(recipe, network, target))
            for recipe in self.plan.recipes
            for target in self.plan.targets
            for network in NETWORKS
        )

    def _least(self, recipe: str, network: str, target: float) -> Cell | None:
        cells = (self.cells[recipe, network, fraction] for fraction in self.plan.fractions)
        return next((cell for cell in cells if cell.accuracy.low >= target), None)

    def to_dict(self) -> dict[str, object]:
        """The content of fractions.json."""
        plan = self.plan
        return {
            "data_study": list(plan.recipes),
            "fractions": list(plan.fractions),
            "seeds": plan.seeds,
            "settings": list(plan.settings),
            "networks": {name: network.title for name, network in NETWORKS.items()},
            "profile": plan.profile,
            "priced_samples": plan.samples,
            "confidence": CONFIDENCE,
            "assumes": list(ASSUMES),
            "ann_j": {
                recipe: {key: found.to_dict() for key, found in twins.items()} for recipe, twins in self.ann.items()
            },
            "cells": [cell.to_dict() for cell in self.cells.values()],
            "differences": [found.to_dict() for found in self.differences],
            "reached": [found.to_dict() for found in self.reached],
        }


def mean_range(found: Iterable[Range]) -> Range:
    """Each end of several ranges, averaged."""
    ends = zip(*(one.ends for one in found), strict=True)
    low, typical, high = (statistics.fmean(values) for values in ends)
    return Range(low, typical, high)


def study_frame(study: DataStudy) -> pd.DataFrame:
    """One row per training."""
    rows: list[dict[str, Any]] = []
    for run in study.runs:
        at, energy = run.point, run.energy
        row = {"recipe": at.recipe, "network": at.network, "fraction": at.fraction, "seed": at.seed}
        row |= {"accuracy": run.accuracy, "parameters": run.parameters}
        row |= {"samples": run.samples, "steps": run.steps, "batch": run.batch, "seconds": run.seconds}
        row |= {"profile": study.plan.profile}
        row |= {f"{end}_j": None if energy is None else getattr(energy, end) for end in ("low", "typical", "high")}
        rows.append(row)
    frame: pd.DataFrame = pd.DataFrame(rows)
    return frame
