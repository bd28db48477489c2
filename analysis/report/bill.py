"""What one inference costs without and with the power that a chip draws while it waits, side by side.

Takes the estimates of a report; gives one row a profile. An energy that holds static power already, or that knows no
chip, says so instead of leaving a gap.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from snnhw.analysis.digits import range_text
from snnhw.analysis.energy.estimate import EnergyEstimate
from snnhw.analysis.hardware.floorline import Floorline
from snnhw.analysis.hardware.scopes import OF_THIS_MACHINE, WAITING_INSIDE, scope_words
from snnhw.analysis.ranges import Range
from snnhw.analysis.report.plain_names import plain_names
from snnhw.analysis.report.sections import StaticCase

PACES = ("batch1", "realtime")
NO_CHIP = ("arithmetic", "memory", "movement")
ABOVE_IDLE = tuple(f"{scope}_dynamic" for scope in OF_THIS_MACHINE)


@dataclass(frozen=True)
class Bill:
    """One profile: joules of one inference."""

    profile: str
    without: Range | None  # None: the profile knows the sum alone
    with_static: Mapping[str, Range] = field(default_factory=dict)  # by pace, of PACES; "" where it is inside always
    seconds: Mapping[str, Range] = field(default_factory=dict)  # of an inference, by pace
    paces: Mapping[str, str] = field(default_factory=dict)  # in words, and whether the chip keeps it
    late: tuple[str, ...] = ()  # paces that the chip may not keep
    covers: str = ""  # in words, without static power
    covers_static: str = ""  # with it
    edp: Range | None = None  # J s: energy at the chip's own pace, static power inside where known, times that time
    note: str = ""  # why no energy with static power stands here
    place: str = ""  # the profile as sentences call it

    @property
    def sentence(self) -> str:
        """The row as one sentence; empty where there is nothing to set side by side."""
        if self.without is None or not self.with_static:
            return ""
        parts = [f"{range_text(energy, 'J')} {self.paces[pace]}" for pace, energy in self.with_static.items()]
        return (
            f"On {self.place or self.profile} one inference costs {range_text(self.without, 'J')} for {self.covers}; "
            f"with what the chip draws while it waits, {'; '.join(parts)}."
        )

    def to_dict(self) -> dict[str, object]:
        """One entry of `headline` in report.json."""
        return {
            "unit": "J",
            "covers": self.covers,
            "without_static": None if self.without is None else self.without.to_dict(),
            "covers_with_static": self.covers_static,
            "with_static": {pace or "always": energy.to_dict() for pace, energy in self.with_static.items()},
            "paces": dict(self.paces),
            "seconds": {pace: seconds.to_dict() for pace, seconds in self.seconds.items()},
            "energy_delay_joule_seconds": None if self.edp is None else self.edp.to_dict(),
            "note": self.note,
        }


def bills(
    energy: Mapping[str, EnergyEstimate],
    static: Mapping[str, Mapping[str, StaticCase]],
    floors: Mapping[str, Floorline],
) -> tuple[Bill, ...]:
    """One row a profile, in their order."""
    places = plain_names({name: found.profile.title for name, found in energy.items()})
    return tuple(
        replace(_bill(name, found, static.get(name, {}), floors.get(name)), place=places[name])
        for name, found in energy.items()
    )


def _bill(name: str, found: EnergyEstimate, cases: Mapping[str, StaticCase], floor: Floorline | None) -> Bill:
    words = scope_words(found.scope)
    if found.scope in WAITING_INSIDE:
        note = "what it draws while it waits is inside"
        return Bill(name, None, {"": found.per_inference}, covers_static=words, note=note)
    if not cases:
        note = "no chip, so none draws power while it waits" if found.scope in NO_CHIP else _lacking(found)
        return Bill(name, found.per_inference, covers=words, edp=_edp(found.per_inference, floor), note=note)
    first = next(iter(cases.values()))
    own = cases.get("batch1")
    return Bill(
        name,
        first.without,
        {pace: case.energy.per_inference for pace, case in cases.items()},
        {pace: case.load.seconds for pace, case in cases.items()},
        {pace: case.load.words for pace, case in cases.items()},
        tuple(pace for pace, case in cases.items() if case.load.late),
        words,
        scope_words(first.energy.scope),
        None if own is None else _times(own.energy.per_inference, own.load.seconds),
    )


def _lacking(found: EnergyEstimate) -> str:
    if found.scope in ABOVE_IDLE:
        return "what the machine draws without work was subtracted; the profile beside it holds both"
    if "static_chip" not in found.profile:
        return "what the chip draws while it waits is not in the profile"
    return "how many chips for how long is not known"


def _edp(energy: Range, floor: Floorline | None) -> Range | None:
    return None if floor is None or floor.place is None else _times(energy, floor.serial.scaled(floor.steps))


def _times(energy: Range, seconds: Range) -> Range:
    return Range(*(joule * s for joule, s in zip(energy.ends, seconds.ends, strict=True)))
