"""One side of a difference: a run, as far as its report.json or its layers.csv says what it did.

Counts are exact sums over the samples of the run, energies J per inference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from snnhw.analysis.counting.counts import BY_STEP, STATIC
from snnhw.analysis.ranges import Range
from snnhw.analysis.report.parameters import Parameters
from snnhw.analysis.report.sample_set import SampleSet
from snnhw.analysis.report.stamp import dated

RUN = ("spikes", *BY_STEP)  # counts that grow with the samples; the others are of the network
FIXED = ("neurons", *STATIC)


@dataclass(frozen=True)
class Row:
    """One layer; what a chip spends as a whole is a row without counts."""

    name: str
    kind: str
    shape: tuple[int, ...]
    levels: int = 1
    counts: Mapping[str, int] = field(default_factory=dict)  # of `RUN` and `FIXED`, those that the file has
    arriving: int | None = None  # unit spikes that arrive in its synapses; None where the file does not say it
    parameters: Parameters | None = None  # None where the file does not say them

    def count(self, key: str) -> int:
        """A count, 0 where there is none."""
        return self.counts.get(key, 0)


@dataclass(frozen=True)
class PricedTerm:
    """A count per inference times a constant, in one layer."""

    layer: str
    part: str
    constant: str
    count: Range
    energy: Range  # J


@dataclass(frozen=True)
class Price:
    """The energy of a run on one profile."""

    profile: str
    title: str
    checksum: str  # sha256 of what the profile says; "" where the file does not tell
    scope: str
    deployment: str
    per_inference: Range  # J
    layers: Mapping[str, Range]  # J
    terms: tuple[PricedTerm, ...]
    constants: Mapping[str, Range]  # in SI units


@dataclass(frozen=True)
class Side:
    """A run."""

    label: str  # as its user named it
    model: str
    rows: tuple[Row, ...]
    samples: int | None = None  # None: a table of counts alone, whose sums are over nobody knows how many
    timesteps: int | None = None
    data: str = ""
    data_checksum: str = ""
    weights_checksum: str = ""
    date: str = ""
    accuracy: float | None = None
    prices: Mapping[str, Price] = field(default_factory=dict)  # by profile
    assumed: Mapping[str, str] = field(default_factory=dict)  # what its numbers rest on that nobody said -> remedy
    ran_here: bool = False  # a model that was run for this difference, on its options
    counted: str = ""  # when; NOT_KEPT of stored counts, whose date is that of pricing

    @property
    def counts(self) -> tuple[str, ...]:
        """The counts that every layer has, in the order of a report."""
        layers = [row.counts.keys() for row in self.rows if row.kind]
        return tuple(key for key in (*RUN, *FIXED) if layers and all(key in known for known in layers))

    @property
    def sample_set(self) -> SampleSet:
        """What it ran on; of 0 samples where nobody says how many."""
        return SampleSet(self.data, self.data_checksum, self.samples or 0)

    @property
    def run(self) -> str:
        """What was counted on what, in a line."""
        parts = [] if self.model in ("", self.label) else [self.model]
        if self.samples is not None:
            number = f"{self.samples:,} sample{'s' * (self.samples != 1)}"
            parts += [f"{number} of {self.data}", f"T = {self.timesteps}"]
        else:
            parts.append("a table of counts that says no samples, no T and no energy")
        return ", ".join((self.label, *parts, *([dated(self.date, self.counted)] if self.date else [])))

    def total(self, key: str) -> int:
        """Sum over the rows."""
        return sum(row.count(key) for row in self.rows)

    def to_dict(self) -> dict[str, object]:
        """What diff.json says of a side."""
        return {
            "label": self.label,
            "model": self.model,
            "samples": self.samples,
            "timesteps": self.timesteps,
            "data": self.data,
            "data_checksum": self.data_checksum,
            "weights_checksum": self.weights_checksum,
            "date": self.date,
            "counted": self.counted,
            "accuracy": self.accuracy,
            "assumed": list(self.assumed),
        }


def per_inference(key: str, count: int, samples: int) -> Fraction:
    """A count per inference, exactly; what is of the network stays as it is."""
    return Fraction(count, samples) if key in RUN else Fraction(count)
