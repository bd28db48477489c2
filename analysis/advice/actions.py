"""What would help this network on this profile: at most five actions, each with what it saves.

Every action is a function from the `Facts` to an `Action`, or to nothing where it does not apply; `ACTIONS` lists them
all. First stands what will not help, then what saves energy, the most first, then what saves time.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

from snnhw.analysis.advice.action import UNMEASURED, Action, Facts
from snnhw.analysis.advice.saving import Saving, saving
from snnhw.analysis.advice.trials import DEAD, LEVEL, STEPS, Trial
from snnhw.analysis.counting.counts import EdgeCounts, LayerCounts, NetworkCounts
from snnhw.analysis.digits import percent
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.hardware.core_time import COMPUTE, MEMORY
from snnhw.analysis.hardware.floorline import BARRIER
from snnhw.analysis.ranges import Range
from snnhw.passes import DEPLOYMENTS

MOST = 5  # actions in a list
LEAST = 0.01  # share that an action has to save to be listed
KEPT = 0.75  # share of the samples tried that have to keep their class
COMMANDS = {
    "shared": "snnhw map MODEL --deployment shared",
    "graded": "snnhw map MODEL --chip loihi2 --deployment graded",
}
DOMINATES = 0.5  # share of static power above which it is said to dominate
PACES = {"batch1": "at the chip's own pace", "realtime": "in steps of fixed length"}


def static_dominates(facts: Facts) -> Action | None:
    """Static power is most of the energy, and fewer spikes would not shorten the time that it is drawn.

    At the chip's own pace fewer spikes shorten the steps where synaptic operations or traffic bind; there nothing is
    said, nor of steps of a fixed length that the busiest core cannot keep. The bound takes all spikes away.
    """
    for pace, energy in facts.static.items():
        waits = energy.split["static"].typical / energy.per_inference.typical
        if waits <= DOMINATES or not _spikes_leave_time(pace, facts):
            continue
        silent = dataclasses.replace(energy, terms=tuple(term for term in energy.terms if not term.by_spikes))
        most = saving(energy, silent)
        return Action(
            "static-dominates",
            f"Do not count on fewer spikes {PACES[pace]}: {percent(waits, 0)} of the energy is drawn while the chip "
            "waits, and no spike less changes that; shorter steps, fewer steps or fewer chips do",
            "snnhw report MODEL --input DATA --out FOLDER --timesteps T, with a smaller T",
            "none by itself",
            "bound: all spikes taken away",
            energy.scope,
            Saving(dataclasses.replace(most.share, low=0.0), dataclasses.replace(most.joules, low=0.0)),
        )
    return None


def _spikes_leave_time(pace: str, facts: Facts) -> bool:
    """Whether the steps are as long with fewer spikes."""
    floor, profile = facts.floor, facts.energy.profile
    if pace == "batch1":
        return floor is not None and floor.binds in (COMPUTE, BARRIER)
    return floor is None or floor.step.low <= profile["step_time"].range.high


def deployment(facts: Facts) -> Action | None:
    """The levels of a unit on one shared dendrite, or in one graded spike where the profile knows its price."""
    now, profile = facts.energy.deployment, facts.energy.profile
    chosen: list[tuple[Saving, str]] = []
    for name in ("shared", "graded"):
        if name == now or (name == "graded" and "graded_extra" not in profile):
            continue
        chosen.append((saving(facts.energy, estimate(facts.counts, profile, deployment=name)), name))
    if facts.counts.max_levels < 2 or not chosen:
        return None
    best, name = max(chosen, key=lambda one: one[0].share.typical)
    kind = DEPLOYMENTS[name]
    return Action(
        f"deploy-{name}",
        f"Run the levels as {kind.title} instead of {DEPLOYMENTS[now].title}; needs {kind.needs}",
        COMMANDS[name],
        "none: the values are the same",
        "counted",
        facts.energy.scope,
        best,
    )


def dropped_level(facts: Facts) -> Action | None:
    """The network without the level that most samples can do without."""
    best = _best(facts, LEVEL)
    if best is None:
        return None
    trial, _ = best
    what, command = f"Drop level {trial.amount} of every unit", f"--drop-level {trial.amount} -o without.nir"
    return _tried(facts, best, "drop-level", what, f"snnhw export MODEL {command}", _accuracy(trial))


def fewer_steps(facts: Facts) -> Action | None:
    """Half the time steps, for samples that have none of their own."""
    best = _best(facts, STEPS)
    if best is None:
        return None
    trial, _ = best
    steps = "1 time step" if trial.amount == 1 else f"{trial.amount} time steps"
    what = f"Show each sample for {steps} instead of {facts.counts.timesteps}"
    command = f"snnhw report MODEL --input DATA --out FOLDER --timesteps {trial.amount}"
    return _tried(facts, best, "fewer-steps", what, command, _accuracy(trial))


def prune_dead(facts: Facts) -> Action | None:
    """Levels, channels and units removed that provably never fire."""
    best = _best(facts, DEAD)
    if best is None:
        return None
    what = f"Remove what provably never fires ({best[0].amount} levels, channels or units)"
    return _tried(facts, best, "prune-dead", what, "snnhw export MODEL --prune-dead -o pruned.nir", "none: proven")


def first_layer_on_events(facts: Facts) -> Action | None:
    """Events of the input instead of analogue values that are multiplied at every step.

    Between no event and one binary event at every position and step; typical is half of them. How the layers behind
    fire once the network is trained on events is not known: they are taken to fire as they do.
    """
    first = [layer for layer in facts.counts.layers if layer.kind == "first" and layer.macs and not layer.edges]
    if not first:
        return None
    profile, now = facts.energy.profile, facts.energy.deployment
    found = [
        saving(facts.energy, estimate(_on_events(facts.counts, share), profile, deployment=now)) for share in (0, 1, 2)
    ]
    least, middle, most = found[2], found[1], found[0]
    saves = Saving(
        Range(least.share.low, middle.share.typical, most.share.high),
        Range(least.joules.low, middle.joules.typical, most.joules.high),
    )
    return Action(
        "first-layer-on-events",
        f"Feed {first[0].name} with events (0 or 1 at each step) instead of analogue values, and train on them",
        "snnhw report MODEL --input EVENTS.npz --input-kind events --out FOLDER, with samples [N, T, ...] of 0 and 1",
        UNMEASURED,
        "bound: no event up to one at every position and step, the layers behind firing as they do",
        facts.energy.scope,
        saves,
    )


def busiest_core(facts: Facts) -> Action | None:
    """The layer of the busiest core on twice as many cores; or that the barrier binds, so that less work is no faster.

    Only with times that cannot grow with the cores: a barrier of one length and packets without a price.
    """
    floor, profile = facts.floor, facts.energy.profile
    if floor is None or floor.place is None or not floor.counted:
        return None
    if floor.binds == BARRIER:
        command = "snnhw report MODEL --input DATA --out FOLDER --timesteps T, with a smaller T"
        return Action("barrier-binds", _capital(floor.sentence), command, UNMEASURED, "counted")
    growing = "message_out_time" in profile or "message_in_time" in profile
    growing = growing or ("barrier_time" in profile and bool(profile["barrier_time"].by_tiles))
    if growing or floor.binds not in (COMPUTE, MEMORY):
        return None
    busy = {layer.place.layer: max(layer.compute, layer.memory) for layer in floor.layers}
    at = floor.place.layer
    barrier = floor.step.typical - busy[at]
    others = max((time for name, time in busy.items() if name != at), default=0.0)
    most = busy[at] - max(others, busy[at] / 2)
    seconds = Range(0.0, most, most)
    return Action(
        "spread-busiest-layer",
        f"Spread layer {at} over twice as many cores, since its busiest core holds up every step",
        "snnhw map MODEL --chip FINER.toml --input DATA, a chip file with half the compartments_per_core",
        "none: the values are the same",
        "counted, with the typical times of the profile",
        seconds=seconds,
        share_of_time=seconds.scaled(1 / (busy[at] + barrier)),
    )


ACTIONS: tuple[Callable[[Facts], Action | None], ...] = (
    static_dominates,
    deployment,
    dropped_level,
    fewer_steps,
    prune_dead,
    first_layer_on_events,
    busiest_core,
)


def advice(facts: Facts) -> tuple[Action, ...]:
    """At most `MOST` actions; none that typically saves less than `LEAST`, warnings apart."""
    found = [action for make in ACTIONS if (action := make(facts)) is not None]
    warnings = [action for action in found if action.warns]
    others = [action for action in found if not action.warns and action.size >= LEAST]
    others.sort(key=lambda action: (action.saves is None, -action.size))
    return (*warnings, *others)[:MOST]


def _best(facts: Facts, kind: str) -> tuple[Trial, Saving] | None:
    """Of the trials after which most samples keep their class, the one in which the most do; None without such."""
    kept = [trial for trial in facts.trials if trial.kind == kind and trial.same_class >= KEPT * trial.samples]
    best = max(kept, key=lambda trial: trial.same_class, default=None)
    return None if best is None else (best, best.saves(facts.energy))


def _tried(facts: Facts, best: tuple[Trial, Saving], code: str, text: str, command: str, accuracy: str) -> Action:
    """The action of which `best` is the trial, with what that saved."""
    trial, saves = best
    basis = f"tried on {trial.samples} samples"
    return Action(code, text, command, accuracy, basis, facts.energy.scope, saves)


def _accuracy(trial: Trial) -> str:
    """What a trial says about the accuracy: measured where all samples were tried, else how many keep their class."""
    if trial.accuracy is not None:
        before, after = trial.accuracy
        return f"{percent(before)} to {percent(after)}, measured on {trial.samples} samples"
    return f"{UNMEASURED}; {trial.same_class} of {trial.samples} samples keep their class"


def _on_events(counts: NetworkCounts, halves: int) -> NetworkCounts:
    """Counts whose analogue first layer gets events, at so many halves of the positions and steps."""
    return dataclasses.replace(counts, layers=tuple(_events_into(layer, counts, halves) for layer in counts.layers))


def _events_into(layer: LayerCounts, counts: NetworkCounts, halves: int) -> LayerCounts:
    if layer.kind != "first" or not layer.macs or layer.edges:
        return layer
    steps = counts.samples * counts.timesteps
    positions = layer.twin_words  # that the layer reads in a step
    synops, events = layer.macs * halves // 2, steps * positions * halves // 2
    edge = EdgeCounts(
        source="input",
        synapse=layer.synapse_nodes[0] if layer.synapse_nodes else "",
        target=layer.name,
        target_levels=layer.levels,
        synapses=math.ceil(layer.macs / steps),
        spikes=events,
        graded_spikes=events,
        level_synops=(synops,),
        events=synops,
        input_size=positions,
    )
    return dataclasses.replace(layer, macs=0, edges=(edge,))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
