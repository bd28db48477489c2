"""A mapped run as a trace of events that Perfetto and chrome://tracing open: cores are tracks, steps are time.

Each step of the chip lasts as long as its busiest core and then the barrier, with the typical times of a profile, as in
`hardware/floorline.py`, so it is a lower bound: nothing waits for the network. A layer that lies n synapses behind the
first works on the step of the network that began n steps of the chip ago. The format is the "JSON Array" one of the
Trace Event Format: complete events (`ph` X) with `ts` and `dur` in microseconds, names and places of tracks (`ph` M).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from snnhw.analysis.counting.layers import layers
from snnhw.analysis.counting.streaming import step_record
from snnhw.analysis.hardware.core_time import WORKING, CoreWork, Parts, parts
from snnhw.analysis.hardware.floorline import core_work, lacking_times
from snnhw.analysis.hardware.mapping import ChipMapping
from snnhw.analysis.hardware.profiles import Profile
from snnhw.analysis.hardware.tile_work import TileWork, tile_work
from snnhw.errors import InputError
from snnhw.graph.ir import Array, Graph
from snnhw.simulation.record import SpikeRecord

MICRO = 1e6
STEPS = "steps of"  # begins the name of the process of the steps
SIGN = f'"args": {{"name": "{STEPS} '  # stands near the beginning of the file
CHIP = 0  # process of the steps themselves; layers count from 1


@dataclass(frozen=True)
class MappedRun:
    """One sample on a chip, step by step."""

    graph: Graph  # on cores
    mapping: ChipMapping
    profile: Profile
    works: tuple[TileWork, ...]  # of each step of the network

    @property
    def steps(self) -> int:
        """Of the chip, from the first input to the last output."""
        return len(self.works) + max(ranks(self.graph).values())

    @property
    def barrier(self) -> float:
        """Seconds of the typical barrier."""
        chip, profile = self.mapping.chip, self.profile
        if "barrier_time" not in profile:
            return 0.0
        tiles = -(-self.mapping.cores // chip.cores_per_tile) if chip.cores_per_tile else self.mapping.cores
        return profile["barrier_time"].at_tiles(tiles).typical

    def work(self, step: int) -> CoreWork:
        """What all cores do in a step of the chip; those of a layer without work then only look at their neurons."""
        rank = ranks(self.graph)
        first = self.works[0]
        of = np.array([step - rank[name] for name in first.layers])
        taken = TileWork(
            first.layers,
            {kind: self._at(of, [w.synops[kind] for w in self.works]) for kind in first.synops},
            self._at(of, [w.received for w in self.works]),
            self._at(of, [w.sent for w in self.works]),
            first.compartments,
            self._at(of, [w.spikes for w in self.works]),
        )
        return core_work(taken, "typical", 1, 1)

    def _at(self, of: Array, values: Sequence[Array]) -> Array:
        """Of every core the value of its own step of the network; 0 before the first and behind the last."""
        inside = (of >= 0) & (of < len(values))
        found: Array = np.where(inside, np.stack(values)[np.clip(of, 0, len(values) - 1), np.arange(len(of))], 0.0)
        return found


def ranks(graph: Graph) -> dict[str, int]:
    """How many synapses every row of the counts lies behind the first ones; what comes back in a loop is left out."""
    found: dict[str, int] = {}
    for row in layers(graph):
        found[row.name] = max((found[b.source] + 1 for b in row.branches if b.source in found), default=0)
    return found


def mapped_run(graph: Graph, mapping: ChipMapping, profile: Profile, record: SpikeRecord, frames: Array) -> MappedRun:
    """The run of one sample.

    Args:
        graph: on cores, the one that was mapped.
        mapping: of it.
        profile: with the times of a core.
        record: of one sample, with its raster.
        frames: that sample, [1, 1 or T, *shape].

    Raises:
        InputError: the profile has no times of a core.
    """
    missing = [name for name in WORKING if name not in profile]
    if missing:
        raise InputError(
            f"Profile {profile.name!r} has no {' and no '.join(missing)}; name one that has, as loihi1-sanafe."
        )
    each = [step_record(graph, frames, record, t) for t in range(record.timesteps)]
    one = replace(graph, timesteps=1) if graph.timesteps != 1 else graph
    return MappedRun(graph, mapping, profile, tuple(tile_work(one, mapping, found) for found in each))


def chip_trace(run: MappedRun) -> dict[str, object]:
    """The trace as a value for JSON."""
    names = run.works[0].layers
    process = {name: number for number, name in enumerate(dict.fromkeys(names), start=1)}
    threads = [names[:core].count(name) for core, name in enumerate(names)]
    events: list[dict[str, object]] = [_named("process_name", CHIP, 0, f"{STEPS} {run.mapping.chip.title}")]
    events += [_named("process_name", number, 0, name) for name, number in process.items()]
    events += [_placed(number) for number in (CHIP, *process.values())]
    events += [_named("thread_name", process[n], t, f"core {t + 1}") for n, t in zip(names, threads, strict=True)]
    start = 0.0
    for step in range(run.steps):
        work = run.work(step)
        took = parts(work, run.profile)
        busiest = float(took.busy.max())
        lasts = {"busiest core": busiest * MICRO, "barrier": run.barrier * MICRO}
        events.append(_complete(f"step {step + 1}", CHIP, 0, (start, busiest + run.barrier), lasts))
        for core, name in enumerate(names):
            if took.busy[core] > 0:
                span = (start, float(took.busy[core]))
                events.append(
                    _complete(f"step {step + 1}", process[name], threads[core], span, _done(work, took, core))
                )
        start += busiest + run.barrier
    return {"displayTimeUnit": "ns", "traceEvents": events, "otherData": _about(run)}


def _about(run: MappedRun) -> dict[str, str]:
    lacking = ", ".join(lacking_times(run.profile)).replace("_", " ")
    return {
        "network": run.graph.name,
        "chip": run.mapping.chip.title,
        "profile": run.profile.name,
        "deployment": run.mapping.deployment,
        "meaning": "least times of one sample, typical constants; nothing waits for the network",
        "taken as none": lacking or "nothing",
    }


def _done(work: CoreWork, took: Parts, core: int) -> dict[str, object]:
    """What the core did, and which of its parts took how long."""
    return {
        "synops": float(sum(found[core] for found in work.synops.values())),
        "spikes": float(work.spikes[core]),
        "received": float(work.received[core]),
        "sent": float(work.sent[core]),
        "updates": float(work.compartments[core]),
        "neurons us": float(took.neurons[core]) * MICRO,
        "messages us": float(took.messages[core]) * MICRO,
        "binds": took.binds(core),
    }


def _complete(
    name: str, pid: int, tid: int, span: tuple[float, float], arguments: Mapping[str, object]
) -> dict[str, object]:
    start, seconds = span
    timed = {"ts": start * MICRO, "dur": seconds * MICRO}
    return {"name": name, "cat": "chip", "ph": "X", **timed, "pid": pid, "tid": tid, "args": dict(arguments)}


def _placed(pid: int) -> dict[str, object]:
    """Has the processes shown in the order of the network; without it the busiest would come first."""
    return {"name": "process_sort_index", "ph": "M", "pid": pid, "tid": 0, "args": {"sort_index": pid}}


def _named(kind: str, pid: int, tid: int, name: str) -> dict[str, object]:
    return {"name": kind, "ph": "M", "pid": pid, "tid": tid, "args": {"name": name}}
