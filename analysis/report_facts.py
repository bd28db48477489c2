"""What the first screen of a report says, in words: who is cheaper, how well it classifies, whether all stages agree.

Takes a `Report`; gives sentences and short texts that the page prints. Nothing here computes an energy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.ann import AnnEstimate
from analysis.digits import count_text, percent, range_text, ratio_text, typical_text
from analysis.energy import EnergyEstimate
from analysis.ranges import Range
from analysis.report import Report

CHEAPER, DEARER, OPEN = "cheaper", "dearer", "undecided"
DEPLOYMENTS = {
    "channels": "K binary channels, each with synapses of its own (K·u)",
    "shared": "K compartments on one dendrite (u)",
    "graded": "one graded spike for each event (e)",
    "slots": "unary over S sub-steps on one binary channel (u)",
}
PARTS = {
    "first_layer": "first layer",
    "synapse": "synapses",
    "neuron": "neurons",
    "memory": "memory",
    "communication": "communication",
    "readout": "read-out",
    "static": "static power",
}


@dataclass(frozen=True)
class Rival:
    """One ANN twin against the network on one profile."""

    precision: str
    energy: str
    ratio: str  # network over twin
    verdict: str  # CHEAPER, DEARER or OPEN: does the whole range lie on one side of 1?


@dataclass(frozen=True)
class Line:
    """One profile of the verdict table."""

    profile: str
    title: str
    energy: str
    typical: str
    kinds: str  # measured, simulated, ... of the constants
    rivals: tuple[Rival, ...]


def verdict(found: Range) -> str:
    """Whether a ratio to the twin is below 1, above 1, or not settled by the range."""
    return CHEAPER if found.high < 1 else DEARER if found.low > 1 else OPEN


def lines(report: Report) -> tuple[Line, ...]:
    """The verdict table."""
    return tuple(_line(name, found, report) for name, found in report.energy.items())


def _line(name: str, found: EnergyEstimate, report: Report) -> Line:
    energy = found.per_inference
    kinds = dict.fromkeys(term.constant.kind for term in found.terms)
    rivals = tuple(_rival(energy, twin) for twin in report.ann.get(name, {}).values())
    return Line(name, found.profile.title, range_text(energy, "J"), typical_text(energy, "J"), ", ".join(kinds), rivals)


def _rival(energy: Range, twin: AnnEstimate) -> Rival:
    ratio = energy.over(twin.per_inference)
    return Rival(twin.precision.upper(), range_text(twin.per_inference, "J"), ratio_text(ratio), verdict(ratio))


def headline(report: Report) -> str:
    """One sentence: on which profiles the network needs less energy than which twin, and on which more."""
    found = lines(report)
    clauses = []
    for word, phrase in PHRASES.items():
        where: dict[tuple[str, ...], list[str]] = {}  # profiles -> precisions
        for precision in dict.fromkeys(rival.precision for line in found for rival in line.rivals):
            profiles = tuple(
                line.profile for line in found for r in line.rivals if (r.precision, r.verdict) == (precision, word)
            )
            if profiles:
                where.setdefault(profiles, []).append(precision)
        parts = [
            f"{_list(precisions)} twin{'s' * (len(precisions) > 1)} {_places(profiles, len(found))}"
            for profiles, precisions in where.items()
        ]
        if parts:
            clauses.append(phrase + f", and {phrase}".join(parts))
    return f"The spiking network {'; it '.join(clauses)}." if clauses else ""


PHRASES = {
    CHEAPER: "needs less energy than its ",
    DEARER: "needs more energy than its ",
    OPEN: "cannot be told apart from its ",
}


def _places(profiles: tuple[str, ...], of: int) -> str:
    if len(profiles) == of > 1:
        return "on both profiles" if of == 2 else f"on all {of} profiles"
    return f"on {_list(profiles)}"


def fidelity(report: Report) -> tuple[str, str]:
    """(short answer, sentence) of the certificate; both empty without one."""
    found = report.certificate
    if found is None or not found.agreements:
        return "", ""
    compared = sum(agreement.compared for agreement in found.agreements)
    ties = sum(agreement.near_ties for agreement in found.agreements)
    wrong = sum(agreement.differing for agreement in found.agreements) - ties
    pairs = len(found.agreements)
    of = f"{count_text(compared)} compared spike slots in {pairs} {'pair' if pairs == 1 else 'pairs'} of stages"
    listed = f", {count_text(ties)} near-{'tie' if ties == 1 else 'ties'} listed" if ties else ""
    if found.agrees:
        return "spike-exact", f"0 of {of} differ{listed}."
    return "differs", f"{count_text(wrong)} of {of} differ{listed}."


def accuracies(report: Report) -> tuple[tuple[str, str], ...]:
    """(stage, accuracy) in the order given."""
    return tuple((stage, percent(share)) for stage, share in report.accuracy.items())


def _list(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
