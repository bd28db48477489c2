"""What follows from graph, counts and profiles alone: twins, deployments, break-even, chips, static power.

Takes what `assemble` has; gives the optional fields of `Report`. What a chip cannot hold becomes a finding. `Sections`
holds the other parts, which a run has to give.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from snnhw.analysis.counting.counts import NetworkCounts
from snnhw.analysis.counting.relay import Relay
from snnhw.analysis.energy.breakeven import BreakEven, break_even, break_even_layers, growing_part
from snnhw.analysis.energy.estimate import EnergyEstimate, estimate
from snnhw.analysis.energy.level_advice import Variant
from snnhw.analysis.energy.static import MODES, StaticLoad, static_load
from snnhw.analysis.energy.twin import AnnEstimate
from snnhw.analysis.hardware.chips import Chip
from snnhw.analysis.hardware.mapping import ChipMapping, map_network
from snnhw.analysis.hardware.profiles import Profile
from snnhw.analysis.ranges import Range
from snnhw.errors import InputError
from snnhw.graph.finding import Finding
from snnhw.graph.ir import Graph
from snnhw.passes import DEPLOYMENTS
from snnhw.passes.fold_pool import fold_pool
from snnhw.quantisation.quantise import LayerScale
from snnhw.simulation.certificate import Certificate
from snnhw.simulation.record import SpikeRecord

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
    sparsity: float | None = None  # share of zero activations of the trained ReLU twin
    levels: tuple[Variant, ...] = ()  # advice on levels
    relays: tuple[Relay, ...] = ()
    steps: tuple[NetworkCounts, ...] = ()  # counts of each time step
    example: SpikeRecord | None = None  # with a raster


NOTHING_MORE = Sections()


@dataclass(frozen=True)
class StaticCase:
    """One profile with static power, at one pace."""

    load: StaticLoad
    energy: EnergyEstimate

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {**self.load.to_dict(), "per_inference": {"unit": "J", **self.energy.per_inference.to_dict()}}


def deployment_energies(counts: NetworkCounts, profiles: Sequence[Profile]) -> dict[str, dict[str, EnergyEstimate]]:
    """Energy by profile and deployment."""
    return {p.name: {name: estimate(counts, p, deployment=name) for name in DEPLOYMENTS} for p in profiles}


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
            if energy[name].profile.model != "power"
        }
        for name, twins in ann.items()
    }


def chip_mappings(graph: Graph, chips: Sequence[Chip]) -> tuple[dict[str, ChipMapping], tuple[Finding, ...]]:
    """Cores and chips by chip, K binary channels; a finding for each chip that cannot hold the network."""
    found: dict[str, ChipMapping] = {}
    findings = []
    for chip in chips:
        try:
            found[chip.name] = map_network(fold_pool(graph), chip)
        except InputError as error:
            message = f"{chip.title}: {str(error).rstrip('.')}"
            findings.append(Finding("does-not-map", "warning", "", message, "leave the chip out"))
    return found, tuple(findings)


def static_cases(
    graph: Graph, counts: NetworkCounts, profiles: Sequence[Profile], mappings: Mapping[str, ChipMapping]
) -> dict[str, dict[str, StaticCase]]:
    """Energy with static power by profile and pace, where the profile has the constants.

    A profile belongs to the chip whose name its own begins with.
    """
    found: dict[str, dict[str, StaticCase]] = {}
    for profile in profiles:
        mapping = next((m for name, m in mappings.items() if profile.name.startswith(name)), None)
        for mode in MODES[1:]:
            if mapping is None or any(name not in profile for name in NEEDED[mode]):
                continue
            load = static_load(fold_pool(graph), counts, profile, mapping, mode)
            if load is not None:
                case = StaticCase(load, estimate(counts, profile, deployment=mapping.deployment, static=load))
                found.setdefault(profile.name, {})[mode] = case
    return found
