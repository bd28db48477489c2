"""What the first screen of a report says, in words: who is cheaper, how well it classifies, whether all stages agree.

Takes a `Report`; gives sentences and short texts that the page prints. Nothing here computes an energy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from snnhw.analysis.digits import DASH, count_text, percent, range_text, ratio_text, typical_text
from snnhw.analysis.energy.breakeven import BreakEven
from snnhw.analysis.energy.estimate import EnergyEstimate
from snnhw.analysis.energy.twin_assumes import ARITHMETIC, MEMORY, computes, covers
from snnhw.analysis.energy.twin_estimate import AnnEstimate
from snnhw.analysis.hardware.scopes import scope_words
from snnhw.analysis.ranges import Range
from snnhw.analysis.report.deciding import deciding
from snnhw.analysis.report.likeness import advantages
from snnhw.analysis.report.plain_names import plain_names
from snnhw.analysis.report.report import Report

CHEAPER, DEARER, OPEN = "cheaper", "dearer", "undecided"
BARE = "dearer than bare arithmetic"  # the twin is priced without its memory, the network with it
LOWER, HIGHER = "lower but unlike", "higher but unlike"  # than a twin whose numbers or technology are worse or better
PARTS = {
    "first_layer": "first layer",
    "synapse": "synapses",
    "attention": "attention",
    "neuron": "neurons",
    "memory": "memory",
    "communication": "communication",
    "readout": "read-out",
    "steps": "steps of the chip",
    "machine": "a whole inference, as measured",
    "static": "static power",
}


@dataclass(frozen=True)
class Rival:
    """One ANN twin against the network on one profile."""

    precision: str
    energy: str
    ratio: str  # network over twin
    verdict: str  # CHEAPER, DEARER, BARE, LOWER, HIGHER or OPEN: does the whole range lie on one side of 1?
    scope: str = ARITHMETIC  # what the twin is priced with
    why: str = ""  # what is not alike, or the constant that decides; empty where the verdict needs no more

    @property
    def covers(self) -> str:
        """What the price of the twin holds, in words."""
        return covers(self.scope)


@dataclass(frozen=True)
class Line:
    """One profile of the verdict table."""

    profile: str
    title: str
    energy: str
    typical: str
    kinds: str  # measured, simulated, ... of the constants
    rivals: tuple[Rival, ...]
    covers: str = ""  # what of the machine the energy covers, in words

    def rivals_of(self, precision: str) -> tuple[Rival, ...]:
        """The twin of that precision in every scope, the one most like the network first; empty without a twin."""
        return tuple(rival for rival in reversed(self.rivals) if rival.precision == precision)

    @property
    def closest(self) -> tuple[Rival, ...]:
        """Of every precision the twin that counts what the network counts, as far as it is known."""
        return tuple(self.rivals_of(precision)[0] for precision in precisions([self]))


def verdict(found: Range, alike: bool = True, *, handicap: bool = False, advantage: bool = False) -> str:
    """Whether a ratio to the twin is below 1, above 1, or not settled by the range.

    Args:
        found: energy of the network over that of the twin.
        alike: both count their memory, or neither does. If only the network does, being dearer does not settle it.
        handicap: the twin computes in narrower numbers or newer technology, so that being dearer does not settle it.
        advantage: the network does, so that being cheaper does not settle it.
    """
    if found.high < 1:
        return LOWER if advantage else CHEAPER
    if found.low <= 1:
        return OPEN
    return BARE if not alike else HIGHER if handicap else DEARER


def lines(report: Report) -> tuple[Line, ...]:
    """The verdict table."""
    return tuple(_line(name, found, report) for name, found in report.energy.items())


def _line(name: str, found: EnergyEstimate, report: Report) -> Line:
    energy = found.per_inference
    kinds = dict.fromkeys(term.constant.kind for term in found.terms)
    rivals = tuple(_rival(found, twin) for twin in report.ann.get(name, {}).values())
    words = scope_words(found.scope)
    shown = range_text(energy, "J"), typical_text(energy, "J")
    return Line(name, found.profile.title, *shown, ", ".join(kinds), rivals, words)


def _rival(found: EnergyEstimate, twin: AnnEstimate) -> Rival:
    ratio = found.per_inference.over(twin.per_inference)
    same = found.profile.name in twin.profiles  # one set of constants, whatever they cover
    alike = same or MEMORY in found.excludes or MEMORY not in twin.excludes
    ahead, behind = (advantages(found, twin, of_network=network) for network in (True, False))
    word = verdict(ratio, alike, handicap=bool(behind), advantage=bool(ahead))
    decides = deciding(found, twin) if word == OPEN else None
    why = {
        LOWER: "; ".join(ahead),
        HIGHER: "; ".join(behind),
        OPEN: "no constant alone decides" if decides is None else decides.sentence,
    }.get(word, "")
    energy = range_text(twin.per_inference, "J")
    return Rival(precision_name(twin.precision), energy, ratio_text(ratio), word, twin.scope, why)


def rate_text(point: BreakEven) -> str:
    """The typical break-even rate, with the digits that its range bears.

    "none" if no rate helps, "any" if the energy does not depend on the spikes, a dash where no spikes arrive.
    """
    if not point.rate:
        return DASH
    return "none" if point.break_even_rate is None else _limit_text(point.rate_range)


def steps_text(point: BreakEven) -> str:
    """The typical break-even T, with the digits that its range bears.

    "any" if the network is cheaper at any T, "none" if it is dearer at any, since the twin computes every step too.
    """
    return "none" if point.break_even_steps == 0 < point.snn.typical else _limit_text(point.steps_range)


def _limit_text(found: Range) -> str:
    return typical_text(_finite(found)) if isfinite(found.typical) else "any"


def ends_text(found: Range) -> str:
    """Low to high; empty where no finite end is known, "none" where even the high end is zero."""
    if not isfinite(found.high):
        return ""
    return range_text(found) if found.high > 0 else "none"


def _finite(found: Range) -> Range:
    return found if isfinite(found.high) else Range(found.low, found.typical, found.typical)


def central(report: Report, profile: str) -> Range:
    """The interval that holds 90 % of the sampled energies, J."""
    found = report.sampling[profile]
    return Range(found["p5"], found["p50"], found["p95"])


def precision_name(twin: str) -> str:
    """FP32, INT8 with memory, matched INT4: as in print, from the key of a twin."""
    name, *others = twin.split(", ")
    scope = [text for text in others if text.startswith("with ")]
    return " ".join([*(text for text in others if text not in scope), name.upper(), *scope])


def precisions(found: Sequence[Line]) -> tuple[str, ...]:
    """Precisions of all twins, in order."""
    return tuple(dict.fromkeys(rival.precision for line in found for rival in line.rivals))


def headline(found: Sequence[Line]) -> str:
    """One sentence: on which profiles the network needs less energy than which twin, and on which more."""
    names = plain_names({line.profile: line.title for line in found})
    clauses = []
    for word, (phrase, link) in PHRASES.items():
        where: dict[tuple[str, ...], list[str]] = {}  # profiles -> precisions
        for precision in precisions(found):
            profiles = tuple(
                names[line.profile]
                for line in found
                for r in line.closest
                if (r.precision, r.verdict) == (precision, word)
            )
            if profiles:
                where.setdefault(profiles, []).append(precision)
        parts = [
            f"{link} its {listed(named)} twin{'s' * (len(named) > 1)} {_places(profiles, len(found))}"
            for profiles, named in where.items()
        ]
        if parts:
            clauses.append(f"{phrase} {', and '.join(parts)}")
    return f"The spiking network {'; it '.join(clauses)}." if clauses else ""


def first_sentence(report: Report) -> str:
    """The headline of the report; of a network without weights, why there is none."""
    if not report.counts.total("dense_macs"):
        return "The network has no weights, so there is no ANN twin to compare it with."
    return headline(lines(report))


PHRASES = {
    CHEAPER: ("needs less energy", "than"),
    DEARER: ("needs more energy", "than"),
    BARE: ("needs more energy", "than the bare arithmetic of"),
    LOWER: ("shows a lower energy, not like for like,", "than"),
    HIGHER: ("shows a higher energy, not like for like,", "than"),
    OPEN: ("cannot be told apart", "from"),
}


def _places(profiles: tuple[str, ...], of: int) -> str:
    if len(profiles) == of > 1:
        return "on both profiles" if of == 2 else f"on all {of} profiles"
    return f"on {listed(profiles)}" if len(profiles) <= 3 else f"on {len(profiles)} of {of} profiles"


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


def twin_sentence(report: Report) -> str:
    """What the ANN twin computes in one inference; empty without a twin."""
    return f"ANN twin: {computes(report.counts)}." if any(report.ann.values()) else ""


def latency(report: Report) -> tuple[str, str]:
    """(time per inference, chip) at the pace of the first chip whose profile knows one; both empty without."""
    for name, cases in report.static.items():
        if "batch1" in cases:
            own = report.energy[name].profile
            chip = next(found.chip.title for key, found in report.mapping.items() if own.is_of(key))
            return range_text(cases["batch1"].load.seconds, "s"), chip
    return "", ""


def accuracies(report: Report) -> tuple[tuple[str, str], ...]:
    """(stage, accuracy) in the order given."""
    return tuple((stage, percent(share)) for stage, share in report.accuracy.items())


def listed(names: Sequence[str]) -> str:
    """Names as in a sentence: a, b and c."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
