"""One action of the list of what would help, and what all actions are computed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from snnhw.analysis.advice.saving import Saving
from snnhw.analysis.advice.trials import Trial
from snnhw.analysis.counting.counts import NetworkCounts
from snnhw.analysis.digits import range_text
from snnhw.analysis.energy.estimate import EnergyEstimate
from snnhw.analysis.hardware.floorline import Floorline
from snnhw.analysis.hardware.scopes import holds_waiting, scope_words
from snnhw.analysis.ranges import Range

UNMEASURED = "not measured"
WARNINGS = ("static-dominates", "barrier-binds")  # what will not help: their savings are of what they warn of


@dataclass(frozen=True)
class Facts:
    """A network on one profile."""

    counts: NetworkCounts
    energy: EnergyEstimate  # in the deployment of the profile, without static power
    static: Mapping[str, EnergyEstimate] = field(default_factory=dict)  # by pace, static power inside
    floor: Floorline | None = None  # the busiest core
    trials: tuple[Trial, ...] = ()


@dataclass(frozen=True)
class Action:
    """Something to do, or to leave; what it saves is of the profile that the list belongs to."""

    code: str  # of the action, for scripts
    text: str  # what to do, or what will not help
    command: str  # how; MODEL and DATA are those of the report
    accuracy: str  # what it costs in accuracy; UNMEASURED
    basis: str  # what the saving was computed from
    scope: str = ""  # what of the machine the joules cover
    saves: Saving | None = None  # of the energy
    seconds: Range | None = None  # saved of each time step; an action on the time
    share_of_time: Range | None = None  # the same as a share of a time step

    @property
    def warns(self) -> bool:
        """Whether it says what to leave."""
        return self.code in WARNINGS

    @property
    def size(self) -> float:
        """The typical share that is saved, of energy or time; 0 where nothing is."""
        found = self.saves.share if self.saves is not None else self.share_of_time
        return 0.0 if found is None else found.typical

    @property
    def worth(self) -> str:
        """What is saved, as in print; empty where that is not known."""
        if self.saves is not None:
            found = filter(None, (share_text(self.saves.share), _amount(self.saves.joules, "J")))
            return ", ".join(found) + self._of
        if self.share_of_time is not None and self.seconds is not None:
            return f"{share_text(self.share_of_time)} of the time of a step, {_amount(self.seconds, 's')}"
        return ""

    @property
    def _of(self) -> str:
        """Which of the two energies of a chip it is a part of; empty of an energy that has no such other."""
        if holds_waiting(self.scope):
            return " of the energy with waiting"
        return " of the energy of its work" if self.scope.endswith("_dynamic") else ""

    @property
    def covers(self) -> str:
        """What the joules cover, in words; empty of an action on the time."""
        return scope_words(self.scope) if self.scope else ""

    def to_dict(self) -> dict[str, object]:
        """One entry of `advice` in report.json."""
        return {
            "code": self.code,
            "text": self.text,
            "command": self.command,
            "accuracy": self.accuracy,
            "basis": self.basis,
            "scope": self.scope,
            "covers": self.covers,
            "saves": None if self.saves is None else self.saves.to_dict(),
            "saves_seconds_per_step": None if self.seconds is None else self.seconds.to_dict(),
            "saves_share_of_time": None if self.share_of_time is None else self.share_of_time.to_dict(),
        }


def share_text(share: Range) -> str:
    """A saved share in per cent: "52–61 %"; one that may be nothing is "at most", one that can cost energy says so."""
    if share.low > 0:
        return range_text(share.scaled(100), "%")
    most = range_text(Range.exact(100 * share.high), "%")
    if share.low == 0:
        return f"at most {most}"
    costs = range_text(Range.exact(-100 * share.low), "%")
    return f"up to {most}, or costs up to {costs} more" if share.high > 0 else f"nothing; costs up to {costs} more"


def _amount(found: Range, unit: str) -> str:
    """Joules or seconds beside their share; empty where they may be below zero."""
    if found.low > 0:
        return range_text(found, unit)
    return range_text(Range.exact(found.high), unit) if found.low == 0 else ""
