"""What a study of devices found: how many samples every chip classifies rightly, with intervals over chips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from snnhw.graph.assumptions import findings_dict
from snnhw.graph.finding import Finding
from snnhw.studies.device_plan import AXES, DevicePlan
from snnhw.studies.interval import Interval, interval

NAMES = {
    "spread": "Spread:",
    "device_bits": "Devices:",
    "adc_bits": "Converters:",
    "wire_ohm": "Wires between two devices:",
}
UNSEEN = 3.0  # what never occurred in n samples has a share below 3 / n at 95 % (rule of three)


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
        """Mean over chips and their samples, between 0 and 1."""
        found = self._interval(self.accuracies)
        return Interval(found.mean, max(found.low, 0.0), min(found.high, 1.0))

    @property
    def lost(self) -> Interval:
        """Accuracy of the ideal chip less that of the chips, on the same samples."""
        pairs = zip(self.ideal, self.correct, strict=True)
        return self._interval([(best - hits) / self.samples for best, hits in pairs])

    def _interval(self, values: Sequence[float]) -> Interval:
        """Student's interval over chips, and at least the `UNSEEN` share of all samples to both sides.

        Chips that are all alike would have an interval of no width, whatever rare failure so few samples miss.
        """
        found, least = interval(values), UNSEEN / (self.samples * len(values))
        return Interval(found.mean, min(found.low, found.mean - least), max(found.high, found.mean + least))

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

    @property
    def axes(self) -> dict[str, tuple[Point, ...]]:
        """The points of each axis that was varied."""
        return {axis: found for axis in AXES if (found := tuple(p for p in self.points if p.axis == axis))}

    @property
    def headline(self) -> str:
        """What the worst value of each axis loses, and up to where no loss is told apart from none."""
        return " ".join(_sentence(axis, points, self.plan.unit(axis)) for axis, points in self.axes.items())

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "model": self.model,
            "input": self.input,
            "tiles": self.tiles,
            "devices": self.devices,
            "lossless_adc_bits": self.lossless_bits,
            "headline": self.headline,
            "plan": self.plan.to_dict(),
            "points": [{**point.to_dict(), "unit": self.plan.unit(point.axis)} for point in self.points],
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
            "unit": found.plan.unit(point.axis),
        }
        for point in found.points
        for seed, (accuracy, best) in enumerate(zip(point.accuracies, point.ideal, strict=True))
    ]
    frame: pd.DataFrame = pd.DataFrame(rows)
    return frame


def _sentence(axis: str, points: Sequence[Point], unit: str) -> str:
    fewer_is_worse = axis == "adc_bits"
    order = sorted(points, key=lambda point: -point.value if fewer_is_worse else point.value)
    kept: list[Point] = []
    for point in order:
        if point.lost.low > 0:
            break
        kept.append(point)
    worst, lost = order[-1], order[-1].lost
    loses = "lose" if unit == "bits" else "loses"
    said = (
        f"{NAMES[axis]} {worst.value:g} {unit} {loses} {100 * lost.mean:.1f} points of accuracy "
        f"({100 * lost.low:.1f} to {100 * lost.high:.1f})"
    )
    if kept:
        to = f"{'down' if fewer_is_worse else 'up'} to {kept[-1].value:g} {unit}"
        return f"{said}; {to} no loss is told apart from none."
    return f"{said}; every value loses some."
