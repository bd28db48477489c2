"""What follows from graph, counts and profiles alone: twins, deployments, break-even, chips, static power.

Takes what `assemble` has; gives the optional fields of `Report`. What a chip cannot hold becomes a finding. `Sections`
holds the other parts, which a run has to give.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from snnhw.analysis.advice.trials import Trial
from snnhw.analysis.counting.counts import NetworkCounts
from snnhw.analysis.counting.relay import Relay
from snnhw.analysis.energy.breakeven import BreakEven, break_even, break_even_layers, growing_part
from snnhw.analysis.energy.estimate import EnergyEstimate, estimate
from snnhw.analysis.energy.level_advice import Variant
from snnhw.analysis.energy.machine import MEASURED
from snnhw.analysis.energy.static import MODES, StaticLoad, static_load
from snnhw.analysis.energy.twin_estimate import AnnEstimate
from snnhw.analysis.hardware.chips import Chip
from snnhw.analysis.hardware.floorline import Floorline, floorline, no_bound
from snnhw.analysis.hardware.mapping import ChipMapping
from snnhw.analysis.hardware.profiles import Profile
from snnhw.analysis.ranges import Range
from snnhw.analysis.report.layout import Layout, layout_of
from snnhw.errors import InputError
from snnhw.graph.finding import Finding
from snnhw.graph.ir import Graph
from snnhw.passes import DEPLOYMENTS
from snnhw.quantisation.quantise import LayerScale
from snnhw.simulation.certificate import Certificate
from snnhw.simulation.record import SpikeRecord

UNDIVIDED = ("power", MEASURED)  # models that price the chip or the machine as a whole
NEEDED = {
    "batch1": ("static_chip", "synop_time", "neuron_time", "barrier_time"),
    "realtime": ("static_chip", "step_time"),
}


@dataclass(frozen=True)
class Sections:
    """What a run can add to a report; what it leaves empty is left out of the page."""

    accuracy: Mapping[str, float] = field(default_factory=dict)  # by stage, the trained network first
    certificate: Certificate | None = None
    quantisation: tuple[LayerScale, ...] = ()
    findings: tuple[Finding, ...] = ()  # what the reader of the model had to assume
    sparsity: float | None = None  # share of MACs of the trained ReLU twin that meet a zero
    levels: tuple[Variant, ...] = ()  # advice on levels
    relays: tuple[Relay, ...] = ()
    trials: tuple[Trial, ...] = ()  # changes of the network that were tried on some samples
    steps: tuple[NetworkCounts, ...] = ()  # counts of each time step
    example: SpikeRecord | None = None  # with a raster
    record: SpikeRecord | None = None  # what was counted, for the busiest core; None: no bound of the time


NOTHING_MORE = Sections()


@dataclass(frozen=True)
class StaticCase:
    """One profile with static power, at one pace."""

    load: StaticLoad
    energy: EnergyEstimate
    without: Range  # J, the same without static power

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            **self.load.to_dict(),
            "deployment": self.energy.deployment,
            "per_inference": {"unit": "J", **self.energy.per_inference.to_dict()},
            "without_static": {"unit": "J", **self.without.to_dict()},
        }


def deployment_energies(counts: NetworkCounts, profiles: Sequence[Profile]) -> dict[str, dict[str, EnergyEstimate]]:
    """Energy by profile and deployment; a measurement is of a module that knows none."""
    return {
        p.name: {name: estimate(counts, p, deployment=name) for name in DEPLOYMENTS}
        for p in profiles
        if p.model != MEASURED
    }


def break_evens(
    counts: NetworkCounts, energy: Mapping[str, EnergyEstimate], ann: Mapping[str, Mapping[str, AnnEstimate]]
) -> dict[str, dict[str, BreakEven]]:
    """Break-even of the whole network by profile and twin."""
    return {
        name: {
            key: break_even(
                counts,
                energy[name],
                twin.per_inference,
                growing=Range.total(growing_part(counts, twin.layers).values()),
            )
            for key, twin in twins.items()
        }
        for name, twins in ann.items()
    }


def layer_break_evens(
    counts: NetworkCounts, energy: Mapping[str, EnergyEstimate], ann: Mapping[str, Mapping[str, AnnEstimate]]
) -> dict[str, dict[str, tuple[BreakEven, ...]]]:
    """Break-even of every layer that the twin has, by profile and twin; none where a profile prices the chip alone."""
    return {
        name: {
            key: break_even_layers(counts, energy[name], twin.layers)
            for key, twin in twins.items()
            if energy[name].profile.model not in UNDIVIDED
        }
        for name, twins in ann.items()
    }


def never_fired(counts: NetworkCounts) -> tuple[Finding, ...]:
    """A warning where there are neurons and none of them fires: what is priced then is that they are updated."""
    if counts.total("spikes") or not any(layer.spikes for layer in counts.layers):
        return ()
    message = "no neuron fires on these samples, so all energy is that of updates and of the first layer"
    return (Finding("no-spikes", "warning", "", message, "give samples that are scaled as those of the training"),)


def chip_mappings(graph: Graph | Layout, chips: Sequence[Chip]) -> tuple[dict[str, ChipMapping], tuple[Finding, ...]]:
    """Cores and chips by chip, K binary channels; a finding for each chip that cannot hold the network."""
    return layout_of(graph).on(chips)


def placements(
    graph: Graph | Layout, profiles: Sequence[Profile], mappings: Mapping[str, ChipMapping]
) -> dict[str, ChipMapping]:
    """By profile: its own deployment on its chip, where that chip can hold it."""
    found: dict[str, ChipMapping] = {}
    layout = layout_of(graph)
    for profile in profiles:
        mapping = next((on for name, on in mappings.items() if profile.is_of(name)), None)
        if mapping is None or not DEPLOYMENTS[profile.deployment].fits_cores:
            continue
        if profile.deployment != mapping.deployment:
            try:
                mapping = layout.placed(mapping.chip, profile.deployment)
            except InputError:
                continue
        found[profile.name] = mapping
    return found


def floorlines(
    graph: Graph | Layout, record: SpikeRecord | None, profiles: Sequence[Profile], placed: Mapping[str, ChipMapping]
) -> dict[str, Floorline]:
    """Least times by profile, where the profile bounds any; empty without the spikes of all neurons (`unbounded`)."""
    layout, found = layout_of(graph), {}
    for profile in profiles:
        if profile.name in placed and not no_bound(profile):
            work = layout.work(placed[profile.name], record)
            if work is not None:
                found[profile.name] = floorline(layout.span, work, placed[profile.name], profile, counted=True)
    return found


def unbounded(
    graph: Graph | Layout, record: SpikeRecord | None, placed: Mapping[str, ChipMapping]
) -> tuple[Finding, ...]:
    """A finding where neurons of the chip, such as those of max pools, fired in no run, so that no time is bounded."""
    units = layout_of(graph).uncounted(record) if placed else ()
    message = f"the spikes of {', '.join(units)}, neurons of the chip alone, were not counted, so no time is bounded"
    remedy = "snnhw map with --input bounds it"
    return (Finding("no-bound", "warning", "", message, remedy),) if units else ()


def static_cases(
    graph: Graph | Layout,
    counts: NetworkCounts,
    profiles: Sequence[Profile],
    placed: Mapping[str, ChipMapping],
    floors: Mapping[str, Floorline] = MappingProxyType({}),
) -> dict[str, dict[str, StaticCase]]:
    """Energy with static power by profile and pace, where the profile has the constants and its chip the room.

    At the chip's own pace a step takes as long as the busiest core of `floors`, or of an even spread without one.
    """
    found: dict[str, dict[str, StaticCase]] = {}
    span = layout_of(graph).span
    for profile in profiles:
        mapping = placed.get(profile.name)
        for mode in MODES[1:]:
            if mapping is None or any(name not in profile for name in NEEDED[mode]):
                continue
            step = floors[profile.name].serial if profile.name in floors else None
            load = static_load(span, counts, profile, mapping, mode, step)
            if load is not None:
                energy = estimate(counts, profile, deployment=mapping.deployment, static=load)
                without = estimate(counts, profile, deployment=mapping.deployment).per_inference
                found.setdefault(profile.name, {})[mode] = StaticCase(load, energy, without)
    return found
