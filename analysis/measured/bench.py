"""Predictions of the profiles held against what was measured, at one scope each.

A prediction is computed: the described network becomes a row of counts, `estimate` prices it with the constants of the
profile. A range wider than tenfold says too little and counts as a miss, whatever it holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from snnhw.analysis.counting.counts import EdgeCounts, LayerCounts, NetworkCounts
from snnhw.analysis.digits import percent, range_text
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.energy.static import StaticLoad
from snnhw.analysis.hardware.profiles import Profile
from snnhw.analysis.hardware.scopes import JOIN, UNSTATED, scope_words, with_static
from snnhw.analysis.measured.points import Described, Point
from snnhw.analysis.ranges import Range
from snnhw.errors import InputError

WIDEST = 10.0
PRICED_BY = {  # counts of a described network, and the constants of a profile that need them
    "neurons": ("neuron_update", "neuron_active_extra"),
    "synops": ("synop", "graded_extra"),
    "spikes": ("spike_out", "message", "chip_spike"),
}
COVERED, WITHIN, MISSED, TOO_WIDE, OPEN = (
    "covered",
    "missed, within spread",
    "missed",
    "missed, range too wide",
    "not predictable",
)
GOAL = 0.9  # share of the ranges that should hold their measurement
WHY = {
    WITHIN: "off by {off}, less than the measurement itself varies",
    MISSED: "off by {off}",
    TOO_WIDE: "a range of more than tenfold counts as a miss, whatever it holds",
}


@dataclass(frozen=True)
class Held:
    """One point against one profile, or the reason why no profile predicts it."""

    point: Point
    profile: str  # empty: none
    predicted: Range | None
    reason: str = ""

    @property
    def ratio(self) -> float | None:
        """Measured over the typical prediction."""
        return self.point.value / self.predicted.typical if self.predicted and self.predicted.typical else None

    @property
    def width(self) -> float | None:
        """High over low of the prediction."""
        return self.predicted.high / self.predicted.low if self.predicted and self.predicted.low else None

    @property
    def answer(self) -> str:
        """One of COVERED, WITHIN, MISSED, TOO_WIDE, OPEN."""
        if self.predicted is None:
            return OPEN
        if self.width is None or self.width > WIDEST:
            return TOO_WIDE
        low, high, spread = self.predicted.low, self.predicted.high, self.point.spread or 0.0
        if low <= self.point.value <= high:
            return COVERED
        return WITHIN if low - spread <= self.point.value <= high + spread else MISSED

    @property
    def independent(self) -> bool:
        """Whether no constant of the profile was read off this point."""
        return self.profile not in self.point.read_off_by

    def to_dict(self) -> dict[str, object]:
        """One row for JSON."""
        return {
            **self.point.to_dict(),
            "profile": self.profile or None,
            "predicted": self.predicted.to_dict() if self.predicted else None,
            "ratio": self.ratio,
            "width": self.width,
            "answer": self.answer,
            "independent": self.independent,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Score:
    """How many of the predicted points lie in their range."""

    predicted: int
    covered: int
    median_ratio: float | None
    points: int
    chips: int
    predicted_chips: int
    within_spread: int = 0  # misses that are smaller than the measurement itself varies

    @staticmethod
    def of(rows: Iterable[Held]) -> Score:
        """Score of some rows; a point held against two profiles counts for each."""
        found = list(rows)
        tried = [row for row in found if row.predicted is not None]
        ratios = [row.ratio for row in tried if row.ratio is not None]
        return Score(
            len(tried),
            sum(row.answer == COVERED for row in tried),
            median(ratios) if ratios else None,
            len({row.point.id for row in found}),
            len({row.point.chip for row in found}),
            len({row.point.chip for row in tried}),
            sum(row.answer == WITHIN for row in tried),
        )

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {**self.__dict__, "share": self.covered / self.predicted if self.predicted else None}

    @property
    def sentence(self) -> str:
        """The last line of the table."""
        if not self.predicted:
            return "No point can be predicted."
        ratio = "" if self.median_ratio is None else f"; median of measured over typical {self.median_ratio:.2f}"
        held = f"{self.covered} of {self.predicted} predicted ranges hold the measurement"
        return f"{held} ({self.covered / self.predicted:.0%}){self._near}{ratio}."

    @property
    def _near(self) -> str:
        """What the score is where a miss by less than the measurement itself varies is none; the share stays strict."""
        if not self.within_spread:
            return ""
        near = self.covered + self.within_spread
        return f", {near} ({near / self.predicted:.0%}) within the spread of the measurement itself"


def reasons(rows: Sequence[Held]) -> dict[str, list[Point]]:
    """What cannot be predicted, by reason."""
    found: dict[str, list[Point]] = {}
    for row in rows:
        if row.predicted is None:
            found.setdefault(row.reason, []).append(row.point)
    return found


def misses(rows: Sequence[Held]) -> tuple[str, ...]:
    """One sentence for each range that does not hold its measurement, and by how much."""
    found = []
    for row in rows:
        if row.predicted is None or row.answer == COVERED:
            continue
        value, predicted = row.point.value, row.predicted
        where = f"{row.point.id} on {row.profile}: {range_text(Range.exact(value), row.point.dimension)} measured, "
        where += f"{range_text(predicted, row.point.dimension)} predicted"
        end = predicted.high if value > predicted.high else predicted.low
        found.append(f"{where}; {WHY[row.answer].format(off=percent(abs(value / end - 1)))}")
    return tuple(found)


def goal(rows: Sequence[Held]) -> str:
    """Whether as many ranges hold as were aimed at, in one sentence."""
    score = Score.of(rows)
    share = score.covered / score.predicted if score.predicted else 0.0
    reached = "is reached" if share >= GOAL else "is not reached"
    left = "" if share >= GOAL else "; no source that was read supports other constants, so none was moved to hit"
    return f"The aim of {GOAL:.0%} {reached}: {score.covered} of {score.predicted} ranges hold{left}."


def scores(rows: Sequence[Held]) -> dict[str, Score]:
    """Score of all rows, and of those whose profile owes no constant to the point: only they can surprise."""
    return {"all": Score.of(rows), "independent": Score.of(row for row in rows if row.independent)}


def hold(points: Sequence[Point], profiles: Sequence[Profile]) -> tuple[Held, ...]:
    """Every point against every profile of its chip and scope, in the order of the points."""
    return tuple(row for point in points for row in _rows(point, profiles))


def _rows(point: Point, profiles: Sequence[Profile]) -> list[Held]:
    if point.same_as:
        return [Held(point, "", None, "it is the power of a run whose energy is listed")]
    if point.dimension == "s":
        return [Held(point, "", None, "times need the load of the busiest core, which the source does not give")]
    of_chip = [profile for profile in profiles if profile.chip == point.chip]
    if not of_chip:
        return [Held(point, "", None, f"no profile is of the chip {point.chip}")]
    fitting = [profile for profile in of_chip if point.scope in _scopes(profile)]
    if not fitting:
        theirs = ", ".join(sorted({scope for profile in of_chip for scope in _scopes(profile)}))
        reason = f"it covers {scope_words(point.scope)} ({point.scope}); profiles of {point.chip} cover {theirs}"
        if point.scope == UNSTATED:
            reason = "what it covers is not stated"
        elif theirs == UNSTATED:
            reason = f"what the profile of {point.chip} covers is not stated"
        return [Held(point, "", None, reason)]
    network = point.network
    if network is None and not (point.scope == "chip_static" and point.dimension == "W"):
        return [Held(point, "", None, "its source does not say how many synops, spikes and updates a sample takes")]
    if network is not None and network.seconds is None and _needs_time(point):
        return [Held(point, "", None, "its source does not say how long a sample takes")]
    return [_held(point, profile) for profile in fitting]


def _held(point: Point, profile: Profile) -> Held:
    lacking = _lacking(point.network, profile) if point.scope != "chip_static" else ""
    if lacking:
        return Held(point, "", None, f"its source does not say how many {lacking}, which {profile.name} prices")
    return Held(point, profile.name, predict(point, profile))


def _lacking(network: Described | None, profile: Profile) -> str:
    """The first count that the profile prices and the description lacks."""
    for name, constants in PRICED_BY.items():
        if getattr(network, name) is None and any(constant in profile for constant in constants):
            return name
    return ""


def _scopes(profile: Profile) -> tuple[str, ...]:
    """What the constants of a profile can cover."""
    if "static_chip" not in profile:
        return (profile.scope,)
    return profile.scope, with_static(profile.scope), "chip_static"


def _needs_time(point: Point) -> bool:
    return point.dimension == "W" or point.scope == "chip_static" or point.scope.endswith(JOIN + "chip_static")


def predict(point: Point, profile: Profile) -> Range:
    """What the profile says of the described network at the scope of the point: J of a sample, or W over its time.

    Raises:
        InputError: the point does not describe its network, or how long a sample takes where that is needed.
    """
    if point.scope == "chip_static":
        power = profile["static_chip"].range
        return power if point.dimension == "W" else power.scaled(_seconds(point))
    if point.network is None or _lacking(point.network, profile):
        raise InputError(f"{point.id}: describes no network that {profile.name} can price; give its counts.")
    added = point.scope != profile.scope  # static power of one whole chip
    load = StaticLoad("measured time", 1, point.network.steps, Range.exact(_seconds(point))) if added else None
    if profile.model == "power":  # its own step is a convention; the sample lasted as long as it was measured
        profile = _with_step(profile, _seconds(point) / point.network.steps)
    ends = [estimate(counts, profile, static=load).per_inference for counts in _counts(point.network)]
    energy = Range(ends[0].low, ends[1].typical, ends[2].high)
    return energy if point.dimension == "J" else energy.scaled(1 / _seconds(point))


def _seconds(point: Point) -> float:
    if point.network is None or point.network.seconds is None:
        raise InputError(f"{point.id}: its network has no `seconds`; say how long a sample takes.")
    return point.network.seconds


def _with_step(profile: Profile, seconds: float) -> Profile:
    step = replace(profile["step_time"], range=Range.exact(seconds))
    return replace(profile, constants={**profile.constants, "step_time": step})


def _counts(network: Described) -> tuple[NetworkCounts, ...]:
    """One population with the least, the typical and the most work that the description allows."""
    nothing = Range.exact(0.0)  # not priced, or `hold` has refused the point
    both = zip((network.synops or nothing).ends, (network.spikes or nothing).ends, strict=True)
    return tuple(_population(network, round(synops), round(spikes)) for synops, spikes in both)


def _population(network: Described, synops: int, spikes: int) -> NetworkCounts:
    updates = spikes if network.neurons is None else network.neurons * network.steps  # unknown: no constant prices it
    edge = EdgeCounts("", "measured", "measured", 1, synops, spikes, spikes, (synops,), synops)
    layer = LayerCounts(
        name="measured", kind="spiking", shape=(network.neurons or 1,), levels=1, synapse_nodes=("measured",),
        spikes=(spikes,), spikes_t=((spikes,),), graded_spikes=spikes, macs=0, bias_adds=0, pool_adds=0,
        neuron_updates=updates, edges=(edge,), dense_macs=0, dense_inputs=0,
        dense_addresses=0, twin_words=0, params=0, weight_bits=0,
    )  # fmt: skip
    return NetworkCounts("measured", 1, network.steps, (layer,))
