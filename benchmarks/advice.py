"""Every piece of advice done: what it was predicted to save against what it saves.

For the digits, N-MNIST and CIFAR-10 networks of the zoo, takes each action of the list of what would help, carries it
out (levels deployed otherwise, a level dropped, fewer steps, events in, a layer on more cores), runs all samples again,
counts anew and compares the saving found with the range. Data sets that are not at hand are left out and named; the
digits come with the package. The last line says how many savings lie inside.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from snnhw.analysis.advice.action import Action
from snnhw.analysis.counting.count import count
from snnhw.analysis.counting.counts import NetworkCounts
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.hardware.floorline import floorline
from snnhw.analysis.hardware.tile_work import tile_work
from snnhw.analysis.report.report import Report
from snnhw.analysis.report.sections import chip_mappings, floorlines, placements, static_cases
from snnhw.data.inputs import load_inputs
from snnhw.data.samples import Samples, inputs_of
from snnhw.errors import InputError
from snnhw.graph.ir import ILIF, MLF, Graph
from snnhw.nir.reading import Reading
from snnhw.passes import deploy
from snnhw.passes.decompose import recompose
from snnhw.passes.fold_pool import fold_pool
from snnhw.simulation.engine import simulate
from snnhw.workflows.export import Preparation, export
from snnhw.workflows.for_data import for_data
from snnhw.workflows.load import LoadedModel, load_model
from snnhw.workflows.report import ReportOptions, build_report

NETWORKS = ("digits", "nmnist", "cifar10")
PROFILES = ("loihi1-davies2018", "loihi2", "horowitz45-fp32", "lemaire45")
SAMPLES = 96


@dataclass(frozen=True)
class Done:
    """One action that was carried out, on one profile."""

    network: str
    profile: str
    action: Action
    found: float  # share that it saves, typical constants

    @property
    def predicted(self) -> tuple[float, float]:
        """Lowest and highest share."""
        share = self.action.saves.share if self.action.saves is not None else self.action.share_of_time
        assert share is not None
        return share.low, share.high

    @property
    def within(self) -> bool:
        """Whether the saving found lies in the range predicted."""
        low, high = self.predicted
        return low - 1e-9 <= self.found <= high + 1e-9


@dataclass(frozen=True)
class Case:
    """A network with its samples and report."""

    name: str
    model: LoadedModel  # declared for the samples
    samples: Samples
    report: Report

    def spent(self, counts: NetworkCounts, profile: str, deployment: str | None = None) -> float:
        """Typical J per inference of other counts."""
        chosen = self.report.energy[profile].profile
        return estimate(counts, chosen, deployment=deployment).per_inference.typical

    def saved(self, counts: NetworkCounts, profile: str, deployment: str | None = None) -> float:
        """Share of the typical energy that other counts save."""
        return 1 - self.spent(counts, profile, deployment) / self.report.energy[profile].per_inference.typical


def counted(graph: Graph, samples: Samples) -> NetworkCounts:
    """Run and count."""
    return count(graph, simulate(graph, samples.values))


def deployed(case: Case, profile: str, action: Action) -> float:
    """The network with one value for each unit, run again; the values are what a shared dendrite gets."""
    how = action.code.removeprefix("deploy-")
    return case.saved(counted(deploy(case.model.graph, "graded"), case.samples), profile, how)


def exported(case: Case, profile: str, action: Action) -> float:
    """The network as a file without a level, or without what never fires; read and run again."""
    level = int(action.command.split("--drop-level ")[1].split()[0]) if action.code == "drop-level" else None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "changed.nir"
        export(case.model, path, "nir", Preparation(prune_dead=action.code == "prune-dead", drop_level=level))
        model = for_data(load_model(path, Reading(timesteps=case.model.graph.timesteps)), case.samples)
        return case.saved(counted(recompose(model.graph), case.samples), profile)


def shorter(case: Case, profile: str, action: Action) -> float:
    """The network of the zoo with fewer time steps."""
    steps = int(action.command.rsplit(" ", 1)[1])
    model = for_data(load_model(case.name, Reading(timesteps=steps)), case.samples)
    return case.saved(counted(model.graph, case.samples), profile)


def on_events(case: Case, profile: str, action: Action) -> float:
    """Binary events: every position fires with the chance that its brightness says.

    The network was not trained on them, so that the layers behind fire otherwise; what the first layer saves is taken.
    """
    values, steps = case.samples.values, case.model.graph.timesteps
    low, high = values.min(), values.max()
    chance = np.repeat(((values - low) / (high - low))[:, None], steps, axis=1)
    frames = (np.random.default_rng(0).random(chance.shape) < chance).astype(np.float32)
    events = inputs_of("events", frames, None).of_kind("events")
    after = counted(for_data(load_model(case.name), events).graph, events)
    chosen = case.report.energy[profile].profile
    first = after.layers[0].name
    before, later = (
        sum(
            term.energy.typical
            for term in estimate(counts, chosen).terms
            if term.layer == first and term.quantity != "spikes sent"
        )
        for counts in (case.report.counts, after)
    )
    return (before - later) / case.report.energy[profile].per_inference.typical


def spread(case: Case, profile: str, action: Action) -> float:
    """The layer of the busiest core cut once more along the axis where that is possible; share of a step's time."""
    chosen, floor = case.report.energy[profile].profile, case.report.floorline[profile]
    graph = fold_pool(case.model.graph)
    mapping = placements(case.model.graph, [chosen], case.report.mapping)[profile]
    assert floor.place is not None
    at = next(i for i, layer in enumerate(mapping.layers) if layer.name == floor.place.layer)
    layer = mapping.layers[at]
    shape = graph.units()[layer.name][0].shape
    axis = max(range(len(shape)), key=lambda i: shape[i] / layer.tiles[i])
    tiles = tuple(cut * 2 if i == axis else cut for i, cut in enumerate(layer.tiles))
    finer = replace(layer, tiles=tiles, cores=int(np.prod(tiles)))
    other = replace(mapping, layers=(*mapping.layers[:at], finer, *mapping.layers[at + 1 :]))
    record = simulate(case.model.graph, case.samples.values)
    after = floorline(graph, tile_work(graph, other, record), other, chosen, counted=True)
    return 1 - after.step.typical / floor.step.typical


def quieter(case: Case, profile: str, action: Action) -> float:
    """All thresholds half as high again, so that fewer spikes are sent; static power inside."""
    graph, chosen = case.model.graph, case.report.energy[profile].profile
    units = [
        replace(node, thresholds=tuple(1.5 * theta for theta in node.thresholds))
        if isinstance(node, MLF | ILIF)
        else node
        for node in graph.nodes.values()
    ]
    quiet = graph.replace(nodes=units)
    record = simulate(quiet, case.samples.values)
    placed = placements(quiet, [chosen], chip_mappings(quiet, [m.chip for m in case.report.mapping.values()])[0])
    floors = floorlines(quiet, record, [chosen], placed)
    pace = "batch1" if "own pace" in action.text else "realtime"
    after = static_cases(quiet, count(quiet, record), [chosen], placed, floors)[profile][pace]
    before = case.report.static[profile][pace]
    return 1 - after.energy.per_inference.typical / before.energy.per_inference.typical


DOING: Mapping[str, Callable[[Case, str, Action], float]] = {
    "static-dominates": quieter,
    "deploy-shared": deployed,
    "deploy-graded": deployed,
    "drop-level": exported,
    "prune-dead": exported,
    "fewer-steps": shorter,
    "first-layer-on-events": on_events,
    "spread-busiest-layer": spread,
}


def do_all(name: str, samples: Samples) -> list[Done]:
    """Every action of every profile, carried out."""
    loaded = load_model(name)
    report = build_report(loaded, samples, ReportOptions(profiles=PROFILES))
    case = Case(name, for_data(loaded, samples), samples, report)
    return [
        Done(name, profile, action, DOING[action.code](case, profile, action))
        for profile, actions in report.advice.items()
        for action in actions
        if action.code in DOING
    ]


def main() -> int:
    """Print the table; 1 where a saving lies outside."""
    found: list[Done] = []
    for name in NETWORKS:
        try:
            samples = load_inputs(f"{name}:test", None, load_model(name).timesteps).first(SAMPLES)
        except InputError as error:
            print(f"{name} is left out: {error}")
            continue
        found += do_all(name, samples)
    print("| network | profile | action | predicted | found | accuracy |\n|---|---|---|---|---|---|")
    for done in found:
        low, high = (f"{100 * end:.1f}" for end in done.predicted)
        mark = "" if done.within else " (outside)"
        print(
            f"| {done.network} | {done.profile} | {done.action.code} | {low} to {high} % | "
            f"{100 * done.found:.1f} %{mark} | {done.action.accuracy} |"
        )
    inside = sum(done.within for done in found)
    print(f"savings inside the predicted range: {inside} of {len(found)} ({inside / len(found):.2f})")
    return 0 if inside == len(found) else 1


if __name__ == "__main__":
    sys.exit(main())
