"""The busiest core of a chip: the least time that a step and a sample can take, and what binds where.

After the floorline model of neuromorphic chips (Yik et al., arXiv:2511.21549): a step lasts as long as its busiest
core, whatever the sums over the network are, and that core is bound by compute, memory or traffic. Takes what every
core does (`tile_work`) and the times of a profile; what the profile has no time for takes none, so that the bound stays
a lower one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnhw.analysis.counting.span import Span, span_of
from snnhw.analysis.hardware.constants import TIMES
from snnhw.analysis.hardware.core_time import COMPUTE, MEMORY, TRAFFIC, WORKING, CoreWork, Parts, parts
from snnhw.analysis.hardware.mapping import ChipMapping
from snnhw.analysis.hardware.profiles import Profile
from snnhw.analysis.hardware.tile_work import TileWork
from snnhw.analysis.ranges import Range
from snnhw.graph.ir import Graph

BARRIER = "barrier"
BINDS = {
    COMPUTE: "updates of neurons",
    MEMORY: "synaptic operations",
    TRAFFIC: "spikes that come and go",
    BARRIER: "the barrier at the end of each step",
}
ADVICE = {
    COMPUTE: "fewer spikes will not make it faster; fewer neurons on that core will",
    MEMORY: "fewer spikes into that layer, or more cores for it, make it faster",
    TRAFFIC: "fewer spikes into and out of that core make it faster",
    BARRIER: "less work will not make it faster; fewer steps will",
}


@dataclass(frozen=True)
class Place:
    """A core: the `core`-th of the cores of its layer, counted from 0."""

    layer: str
    core: int

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {"layer": self.layer, "core": self.core}


@dataclass(frozen=True)
class Busiest:
    """The core of a layer that takes longest, typical seconds of one step."""

    place: Place
    compute: float
    memory: float
    traffic: float

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {**self.place.to_dict(), "compute": self.compute, "memory": self.memory, "traffic": self.traffic}


@dataclass(frozen=True)
class Floorline:
    """Lower bounds of one network on one chip with the times of one profile."""

    profile: str
    chip: str
    deployment: str
    steps: int  # of one sample, from the first input to the last output
    step: Range  # s, least time of a step in which all layers work
    sample: Range  # s, least time of a sample
    serial: Range  # s of a step if each core did one thing after the other
    binds: str  # of BINDS, typical
    place: Place | None  # of the busiest core; None where the barrier is all that is known
    layers: tuple[Busiest, ...]
    counted: bool  # spikes of a run; False: none, so that only updates and the barrier count
    lacking: tuple[str, ...]  # times that the profile does not have

    @property
    def sentence(self) -> str:
        """What binds, where, and what would help."""
        if self.place is None:
            return "the barrier at the end of each step is all that is known; what the work of a core takes is not"
        if not self.counted:
            where = "" if self.binds == BARRIER else f", on core {self.place.core + 1} of layer {self.place.layer}"
            return f"as long as nothing fires, {BINDS[self.binds]} bind{'s' * (self.binds == BARRIER)}{where}"
        if self.binds == BARRIER:
            return f"{BINDS[BARRIER]} binds: {ADVICE[BARRIER]}"
        where = f"core {self.place.core + 1} of layer {self.place.layer}"
        return f"{BINDS[self.binds]} bind, on {where}: {ADVICE[self.binds]}"

    def to_dict(self) -> dict[str, object]:
        """One entry of `floorline` in report.json."""
        return {
            "chip": self.chip,
            "deployment": self.deployment,
            "steps": self.steps,
            "step_seconds": self.step.to_dict(),
            "sample_seconds": self.sample.to_dict(),
            "serial_step_seconds": self.serial.to_dict(),
            "binds": self.binds,
            "busiest": None if self.place is None else self.place.to_dict(),
            "sentence": self.sentence,
            "layers": [layer.to_dict() for layer in self.layers],
            "spikes_counted": self.counted,
            "lacking": list(self.lacking),
        }


def no_bound(profile: Profile) -> str:
    """Why the profile bounds no time; empty where it bounds one."""
    if "barrier_time" in profile or all(name in profile for name in WORKING):
        return ""
    return f"no times of a core or of a step are published that {profile.name} holds, so there is no bound"


def lacking_times(profile: Profile) -> tuple[str, ...]:
    """Times of a core that the profile does not hold, which the bound takes as none."""
    kinds = ("synop_time_dense", "synop_time_sparse", "neuron_active_time", "spike_time")  # refine others
    return tuple(name for name in TIMES if name != "step_time" and name not in kinds and name not in profile)


def floorline(
    graph: Graph | Span, work: TileWork, mapping: ChipMapping, profile: Profile, *, counted: bool
) -> Floorline:
    """Bounds of a network.

    Args:
        graph: the one that was mapped, or its span.
        work: of its cores.
        mapping: that the work belongs to.
        profile: one for which `no_bound` is empty.
        counted: whether the work has the spikes of a run.
    """
    span = span_of(graph)
    steps = span.steps
    tiles = -(-mapping.cores // mapping.chip.cores_per_tile) if mapping.chip.cores_per_tile else mapping.cores
    barrier = profile["barrier_time"].at_tiles(tiles) if "barrier_time" in profile else Range.exact(0.0)
    step, sample, serial = [], [], []
    for end in ("low", "typical", "high"):
        one = parts(core_work(work, end, span.timesteps, 1), profile, end)
        whole = parts(core_work(work, end, 1, steps), profile, end)
        wait = getattr(barrier, end)
        step.append(float(one.busy.max()) + wait)
        sample.append(float(whole.busy.max()) + wait * steps)
        serial.append(float(one.in_turn.max()) + wait)
    typical = parts(core_work(work, "typical", span.timesteps, 1), profile)
    core = int(typical.busy.argmax())
    known = bool(typical.busy[core])
    waits = barrier.typical >= typical.busy[core]
    return Floorline(
        profile.name,
        mapping.chip.name,
        mapping.deployment,
        steps,
        Range(*step),
        Range(*sample),
        Range(*serial),
        BARRIER if waits else typical.binds(core),
        Place(*work.core_of(core)) if known else None,
        _layers(work, typical) if known else (),
        counted,
        lacking_times(profile),
    )


def core_work(work: TileWork, end: str, per: int, steps: int) -> CoreWork:
    """Work of `steps` updates and 1/`per` of the spikes of a sample; the least counts those active that fire."""
    compartments = work.compartments * steps
    fired = np.minimum(work.spikes / per, compartments)
    active = fired if end == "low" else compartments
    return CoreWork(
        {kind: found / per for kind, found in work.synops.items()},
        work.received / per,
        work.sent / per,
        compartments,
        active,
        work.spikes / per,
    )


def _layers(work: TileWork, found: Parts) -> tuple[Busiest, ...]:
    rows = []
    for name in dict.fromkeys(work.layers):
        cores = [core for core, layer in enumerate(work.layers) if layer == name]
        core = max(cores, key=lambda one: found.busy[one])
        traffic = float(found.leaving[core] + found.arriving[core])
        rows.append(Busiest(Place(*work.core_of(core)), float(found.compute[core]), float(found.memory[core]), traffic))
    return tuple(rows)
