"""What a trial is judged by: accuracy, energy, least time and place on a chip, all of its stored counts.

Pricing needs no network, so that a sweep is priced again on any profile in seconds, with the numbers that
`snnhw report --from` says of the same file.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.hardware.floorline import floorline, no_bound
from snnhw.analysis.hardware.mapping import ChipMapping
from snnhw.analysis.hardware.profiles import Profile
from snnhw.analysis.ranges import Range
from snnhw.analysis.stored.places import StoredLayout
from snnhw.analysis.stored.table import StoredCounts
from snnhw.errors import InputError
from snnhw.sweeps.front import Losses


@dataclass(frozen=True)
class Outcome:
    """One trial in numbers."""

    accuracy: float  # share of the held-out samples that were counted
    energy: Range  # J per inference, without static power
    latency: Range | None  # s, least time of a sample on the busiest core; None where it is not known
    chips: int | None  # that the network takes; None without a chip, or without a place on it
    over: int  # chips above those that are allowed; 0: it fits
    refused: str = ""  # why it has no place on the chip
    test_accuracy: float | None = None  # on the card; nothing is chosen by it

    def losses(self, objectives: tuple[str, ...]) -> Losses:
        """Numbers that are to be small, in the order of the objectives; infinite where one is not known."""
        latency = math.inf if self.latency is None else self.latency.high
        known = {"accuracy": -self.accuracy, "energy": self.energy.high, "latency": latency}
        return tuple(known[objective] for objective in objectives)

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "accuracy": self.accuracy,
            "energy_j": self.energy.to_dict(),
            "latency_s": None if self.latency is None else self.latency.to_dict(),
            "chips": self.chips,
            "over": self.over,
            "refused": self.refused,
            "test_accuracy": self.test_accuracy,
        }


@dataclass(frozen=True)
class Pricing:
    """By what stored counts are judged."""

    profile: Profile
    chip: str  # of those that the counts know; empty: none
    chips: int  # allowed at most


def outcome_of(stored: StoredCounts, pricing: Pricing, deployment: str, test_accuracy: float | None = None) -> Outcome:
    """Outcome of a trial whose held-out samples were counted.

    Raises:
        InputError: the counts have no labels, or the profile cannot price them.
    """
    if stored.correct is None:
        raise InputError("The counts have no labels, so no accuracy is known; count labelled samples.")
    energy = estimate(stored.counts, pricing.profile, deployment=deployment).per_inference
    accuracy = stored.correct / len(stored.samples)
    if not pricing.chip:
        return Outcome(accuracy, energy, None, None, 0, test_accuracy=test_accuracy)
    layout = stored.header.layout
    chip = next((on.chip for on in layout.chips if on.chip.name == pricing.chip), None)
    try:
        if chip is None:
            raise InputError(f"The counts hold no place on {pricing.chip}; count the network again.")
        mapping = layout.placed(chip, deployment)
    except InputError as error:
        return Outcome(accuracy, energy, None, None, 1, str(error), test_accuracy)
    latency = _latency(layout, pricing.profile, mapping) if pricing.profile.is_of(pricing.chip) else None
    return Outcome(accuracy, energy, latency, mapping.chips, max(0, mapping.chips - pricing.chips), "", test_accuracy)


def outcome_from(values: Mapping[str, object]) -> Outcome:
    """The outcome that `Outcome.to_dict` gave; refused by name where a storage holds something else."""
    try:
        given = dict(values)
        energy, latency = given.pop("energy_j"), given.pop("latency_s")
        return Outcome(energy=Range(**energy), latency=None if latency is None else Range(**latency), **given)  # type: ignore[arg-type]
    except (KeyError, TypeError) as error:
        raise InputError(f"The storage holds a trial of another version ({error}); choose another folder.") from error


def _latency(layout: StoredLayout, profile: Profile, mapping: ChipMapping) -> Range | None:
    work = layout.work(mapping, None)
    if work is None or no_bound(profile):
        return None
    return floorline(layout.span, work, mapping, profile, counted=True).sample
