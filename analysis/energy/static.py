"""Static power: what the chips draw while they wait, and for how long one inference keeps them.

off       no static power, the number most papers print.
batch1    steps at the chip's own pace: the busiest core's synops and updates, then the barrier.
realtime  steps of a fixed length (1 ms on Loihi by convention), longer where the busiest core takes longer.
Cores that are not used are not gated: the whole chip counts.
"""

from __future__ import annotations

from dataclasses import dataclass

from snnhw.analysis.counting.counts import NetworkCounts
from snnhw.analysis.counting.deployments import slots, work
from snnhw.analysis.counting.span import Span, span_of
from snnhw.analysis.digits import range_text
from snnhw.analysis.hardware.mapping import ChipMapping
from snnhw.analysis.hardware.profiles import Profile
from snnhw.analysis.ranges import Range
from snnhw.errors import unknown
from snnhw.graph.ir import Graph

MODES = ("off", "batch1", "realtime")
SPREAD = ("synop_time", "neuron_time", "barrier_time")  # times of an even spread


@dataclass(frozen=True)
class StaticLoad:
    """How many chips one inference keeps for how long."""

    mode: str
    chips: int
    steps: int
    seconds: Range  # per inference
    fixed: Range | None = None  # s, the step that was asked for; None at the chip's own pace
    needed: Range | None = None  # s, what the busiest core takes for a step, where that is known

    @property
    def words(self) -> str:
        """The pace in words, and whether the chip keeps it."""
        if self.fixed is None:
            return "at the chip's own pace"
        step = f"in fixed steps of {range_text(self.fixed, 's')}"
        if self.needed is None or not self.late:
            return step
        takes = f"the busiest core takes {range_text(self.needed, 's')} a step"
        if self.needed.low >= self.fixed.high:
            return f"{step}, which the chip cannot keep: {takes}, and so long they are taken to be"
        return f"{step}, which the chip may not keep: {takes}, and the longer is taken"

    @property
    def late(self) -> bool:
        """Whether steps may have to be longer than was asked for."""
        return self.fixed is not None and self.needed is not None and self.needed.high > self.fixed.low

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        ranges = {key: getattr(self, key) for key in ("seconds", "fixed", "needed")}
        return {
            **{key: value for key, value in self.__dict__.items() if key not in ranges},
            "seconds": self.seconds.to_dict(),
            "fixed_step_seconds": None if self.fixed is None else self.fixed.to_dict(),
            "needed_step_seconds": None if self.needed is None else self.needed.to_dict(),
            "pace": self.words,
        }


def static_load(
    graph: Graph | Span,
    counts: NetworkCounts,
    profile: Profile,
    mapping: ChipMapping,
    mode: str,
    step: Range | None = None,
) -> StaticLoad | None:
    """Load for `estimate`; None for "off".

    Args:
        graph: the one that was counted, or its span.
        counts: of at least one sample.
        profile: with the constants that the mode needs.
        mapping: of the graph on the chip of the profile.
        mode: one of MODES.
        step: seconds of a step at the chip's own pace, from the busiest core (`Floorline.serial`). None: as if each
            layer's work were spread evenly over its cores, which is too short.

    Raises:
        InputError: no such mode, or the profile lacks the constants it needs.
    """
    if mode == "off":
        return None
    if mode not in MODES:
        raise unknown("static mode", mode, MODES)
    scale = slots(counts) if mapping.deployment == "slots" else 1
    steps = (counts.timesteps + span_of(graph).depth - 1) * scale
    if mode == "batch1":
        own = step_time(counts, profile, mapping) if step is None else step
        return StaticLoad(mode, mapping.chips, steps, own.scaled(steps))
    fixed, needed = profile["step_time"].range, step
    if needed is None and all(name in profile for name in SPREAD):
        needed = step_time(counts, profile, mapping)
    lasts = fixed if needed is None else fixed.longest(needed)
    return StaticLoad(mode, mapping.chips, steps, lasts.scaled(steps), fixed, needed)


def step_time(counts: NetworkCounts, profile: Profile, mapping: ChipMapping) -> Range:
    """Seconds per step: the slowest layer spread evenly, one operation after the other, plus the barrier."""
    synop, neuron, barrier = (profile[name].range for name in SPREAD)
    cores = {layer.name: layer.cores for layer in mapping.layers}
    slowest = Range.exact(0.0)
    for layer in counts.layers:
        done = work(layer, counts, mapping.deployment)
        share = 1 / (counts.samples * counts.timesteps * cores[layer.name])
        busy = synop.scaled(done.synops * share) + neuron.scaled(done.updates * share)
        slowest = max(slowest, busy, key=lambda time: time.typical)
    return slowest + barrier
