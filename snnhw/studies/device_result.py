"""What a study of devices found: how many samples every chip classifies rightly, with intervals over chips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from snnhw.graph.assumptions import findings_dict
from snnhw.graph.finding import Finding
from snnhw.studies.device_plan import AXES, DevicePlan
from snnhw.studies.interval import Interval, interval


@dataclass(frozen=True)
class Point:
    """One value of one axis; chip s is judged by samples of its own, on which the ideal chip is judged too."""

    axis: str
    value: float
    samples: int  # of each chip
    correct: tuple[int, ...]  # by chip
    ideal: tuple[int, ...]  # of the integers without devices, on the samples of each chip

    @property
    def accuracies(self) -> tuple[float, ...]:
        """Of each chip."""
        return tuple(hits / self.samples for hits in self.correct)

    @property
    def accuracy(self) -> Interval:
        """Mean over chips and their samples."""
        return interval(self.accuracies)

    @property
    def lost(self) -> Interval:
        """Accuracy of the ideal chip less that of the chips, on the same samples."""
        return interval([(best - hits) / self.samples for best, hits in zip(self.ideal, self.correct, strict=True)])

    @property
    def ideal_accuracy(self) -> float:
        """Of the integers without devices on the same samples."""
        return sum(self.ideal) / (self.samples * len(self.ideal))

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "axis": self.axis,
            "value": self.value,
            "samples": self.samples,
            "accuracy": self.accuracy.to_dict(),
            "lost": self.lost.to_dict(),
            "ideal_accuracy": self.ideal_accuracy,
            "chips": list(self.accuracies),
        }


@dataclass(frozen=True)
class DeviceCurves:
    """All points of a study."""

    model: str
    input: str
    plan: DevicePlan
    points: tuple[Point, ...]
    tiles: int
    devices: int
    lossless_bits: int  # of a converter, by the largest layer
    assumes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    seconds: float = 0.0

    @property
    def axes(self) -> dict[str, tuple[Point, ...]]:
        """The points of each axis that was varied."""
        return {axis: found for axis in AXES if (found := tuple(p for p in self.points if p.axis == axis))}

    @property
    def headline(self) -> str:
        """Per axis, the worst value that is not told apart from the ideal chip."""
        return " ".join(_sentence(axis, points) for axis, points in self.axes.items())

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "model": self.model,
            "input": self.input,
            "headline": self.headline,
            "plan": self.plan.to_dict(),
            "tiles": self.tiles,
            "devices": self.devices,
            "lossless_adc_bits": self.lossless_bits,
            "points": [point.to_dict() for point in self.points],
            "seconds": self.seconds,
            **findings_dict(self.findings),
            "assumes": list(self.assumes),
        }


def curves_frame(found: DeviceCurves) -> pd.DataFrame:
    """One row for each chip of each point."""
    rows = [
        {
            "axis": point.axis,
            "value": point.value,
            "seed": seed,
            "samples": point.samples,
            "accuracy": accuracy,
            "ideal_accuracy": best / point.samples,
            "mean": point.accuracy.mean,
            "low": point.accuracy.low,
            "high": point.accuracy.high,
        }
        for point in found.points
        for seed, (accuracy, best) in enumerate(zip(point.accuracies, point.ideal, strict=True))
    ]
    frame: pd.DataFrame = pd.DataFrame(rows)
    return frame


def _sentence(axis: str, points: Sequence[Point]) -> str:
    fewer_is_worse = axis == "adc_bits"
    order = sorted(points, key=lambda point: -point.value if fewer_is_worse else point.value)
    kept: list[Point] = []
    for point in order:
        if point.lost.low > 0:
            break
        kept.append(point)
    name = AXES[axis].partition(",")[0]
    worst = order[-1]
    said = f"{name}: at {worst.value:g} {100 * worst.lost.mean:.1f} points of accuracy are lost"
    if kept:
        return (
            f"{said[0].upper()}{said[1:]}; no loss is seen {'down' if fewer_is_worse else 'up'} to {kept[-1].value:g}."
        )
    return f"{said[0].upper()}{said[1:]}; every value loses some."
