"""Static power: what the chips draw while they wait, and for how long one inference keeps them.

off       no static power, the number most papers print.
batch1    steps at the chip's own pace: the busiest core's synops and updates, then the barrier.
realtime  steps of a fixed length (1 ms on Loihi by convention), whatever the work.
Cores that are not used are not gated: the whole chip counts.
"""

from __future__ import annotations

from dataclasses import dataclass

from snnhw.analysis.counting.counts import NetworkCounts
from snnhw.analysis.counting.deployments import slots, work
from snnhw.analysis.hardware.mapping import ChipMapping
from snnhw.analysis.hardware.profiles import Profile
from snnhw.analysis.ranges import Range
from snnhw.errors import unknown
from snnhw.graph.ir import Graph
from snnhw.passes.balance_delays import depth

MODES = ("off", "batch1", "realtime")


@dataclass(frozen=True)
class StaticLoad:
    """How many chips one inference keeps for how long."""

    mode: str
    chips: int
    steps: int
    seconds: Range  # per inference

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {**self.__dict__, "seconds": self.seconds.to_dict()}


def static_load(
    graph: Graph, counts: NetworkCounts, profile: Profile, mapping: ChipMapping, mode: str, step: Range | None = None
) -> StaticLoad | None:
    """Load for `estimate`; None for "off".

    Args:
        graph: the one that was counted.
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
    steps = (counts.timesteps + depth(graph) - 1) * scale
    if mode == "realtime":
        step = profile["step_time"].range
    elif step is None:
        step = step_time(counts, profile, mapping)
    return StaticLoad(mode, mapping.chips, steps, step.scaled(steps))


def step_time(counts: NetworkCounts, profile: Profile, mapping: ChipMapping) -> Range:
    """Seconds per step: the slowest layer spread evenly, one operation after the other, plus the barrier."""
    synop, neuron, barrier = (profile[name].range for name in ("synop_time", "neuron_time", "barrier_time"))
    cores = {layer.name: layer.cores for layer in mapping.layers}
    slowest = Range.exact(0.0)
    for layer in counts.layers:
        done = work(layer, counts, mapping.deployment)
        share = 1 / (counts.samples * counts.timesteps * cores[layer.name])
        busy = synop.scaled(done.synops * share) + neuron.scaled(done.updates * share)
        slowest = max(slowest, busy, key=lambda time: time.typical)
    return slowest + barrier
