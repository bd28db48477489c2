"""Whether runs counted the same samples; only those are ranked against each other.

The one rule of comparisons, differences and histories. Two runs on one set have the same checksum and number of
samples. T of a network is no part of it, so that static data stay the same at every T; event data that are binned into
another number of steps have other values and so another checksum.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from snnhw.graph.finding import Finding

OTHER_SAMPLES = "other-samples"  # code of the finding
SHORT = 8  # digits of a checksum


@dataclass(frozen=True)
class SampleSet:
    """What a run ran on, by content."""

    data: str
    checksum: str  # sha256
    samples: int

    @property
    def key(self) -> tuple[str, int]:
        """Equal for the same samples, whatever their file is called."""
        return self.checksum, self.samples

    @property
    def text(self) -> str:
        """Such as "24 of digits:test (1a2b3c4d)"."""
        return f"{self.samples:,} of {self.data} ({self.checksum[:SHORT]})"


def several(sets: Iterable[SampleSet]) -> int:
    """How many different sets there are."""
    return len({found.key for found in sets})


def other_samples(sets: Mapping[str, SampleSet]) -> tuple[Finding, ...]:
    """A finding that names who ran on what, where runs are on different samples; nothing where all are on the same.

    Args:
        sets: by the name of the run.
    """
    if several(sets.values()) < 2:
        return ()
    groups: dict[tuple[str, int], list[str]] = {}
    for label, found in sets.items():
        groups.setdefault(found.key, []).append(label)
    which = "; ".join(f"{', '.join(labels)} on {sets[labels[0]].text}" for labels in groups.values())
    message = f"the runs are on different samples ({which}), so that their numbers may differ by the data alone"
    return (Finding(OTHER_SAMPLES, "warning", "", message, "run all on the same samples"),)
