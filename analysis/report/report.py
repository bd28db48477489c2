"""The report of a run: one frozen object, written as report.html, report.json, layers.csv and energy.csv.

All files print the same objects. Sections whose input was not given are left out of the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from snnhw.analysis.advice.action import Action, Facts
from snnhw.analysis.advice.actions import advice
from snnhw.analysis.counting.counts import BY_STEP, NetworkCounts
from snnhw.analysis.counting.deployments import Deployment, deployments
from snnhw.analysis.counting.relay import Relay
from snnhw.analysis.digits import range_text
from snnhw.analysis.energy.attribution import Attribution, attribution
from snnhw.analysis.energy.breakeven import Bound, BreakEven, published_bounds
from snnhw.analysis.energy.estimate import EnergyEstimate, estimate
from snnhw.analysis.energy.level_advice import Variant
from snnhw.analysis.energy.machine import MEASURED
from snnhw.analysis.energy.rate_times_flops import RateTimesFlops, convention
from snnhw.analysis.energy.sensitivity import Swing, sampled, tornado
from snnhw.analysis.energy.twin import ann_estimates
from snnhw.analysis.energy.twin_estimate import AnnEstimate
from snnhw.analysis.hardware.chips import Chip, load_chip
from snnhw.analysis.hardware.floorline import Floorline
from snnhw.analysis.hardware.mapping import ChipMapping
from snnhw.analysis.hardware.profiles import Profile
from snnhw.analysis.report.bill import bills
from snnhw.analysis.report.layout import Layout, layout_of
from snnhw.analysis.report.metrics import metrics
from snnhw.analysis.report.parameters import parameters
from snnhw.analysis.report.sections import (
    NOTHING_MORE,
    Sections,
    StaticCase,
    break_evens,
    chip_mappings,
    deployment_energies,
    floorlines,
    layer_break_evens,
    never_fired,
    placements,
    static_cases,
    unbounded,
)
from snnhw.analysis.report.stamp import RunStamp
from snnhw.errors import InputError
from snnhw.glance import Summarised, Summary
from snnhw.graph.assumptions import Assumed, assumptions, findings_dict, not_assumed
from snnhw.graph.finding import Finding
from snnhw.graph.ir import Graph
from snnhw.quantisation.quantise import LayerScale
from snnhw.simulation.certificate import Certificate
from snnhw.simulation.record import SpikeRecord

CHIPS = ("loihi1", "loihi2")
SHOWN = 6  # profiles in the summary of a report


@dataclass(frozen=True)
class ModelFacts:
    """Size of the network."""

    name: str
    parameters: int
    neurons: int  # spiking positions
    membranes: int  # neurons times their levels, or once where levels share one
    levels: int  # the largest K
    timesteps: int
    input_shape: tuple[int, ...]
    layers: int  # spiking layers and the read-out

    def to_dict(self) -> dict[str, object]:
        """The `model` of report.json."""
        return {**asdict(self), "input_shape": list(self.input_shape)}


@dataclass(frozen=True, repr=False)
class Report(Summarised):
    """Everything a report says."""

    stamp: RunStamp
    model: ModelFacts
    counts: NetworkCounts
    energy: Mapping[str, EnergyEstimate]  # by profile
    ann: Mapping[str, Mapping[str, AnnEstimate]]  # by profile, then twin
    accuracy: Mapping[str, float] = field(default_factory=dict)  # by stage, the trained network first
    certificate: Certificate | None = None
    quantisation: tuple[LayerScale, ...] = ()
    findings: tuple[Finding, ...] = ()
    deployments: Mapping[str, Deployment] = field(default_factory=dict)
    deployment_energy: Mapping[str, Mapping[str, EnergyEstimate]] = field(default_factory=dict)  # by profile
    breakeven: Mapping[str, Mapping[str, BreakEven]] = field(default_factory=dict)  # by profile, then twin
    breakeven_layers: Mapping[str, Mapping[str, tuple[BreakEven, ...]]] = field(default_factory=dict)
    bounds: tuple[Bound, ...] = ()
    levels: tuple[Variant, ...] = ()  # the network as it is, then without each level and with each threshold moved
    relays: tuple[Relay, ...] = ()  # what merging each residual sum would change
    sensitivity: Mapping[str, tuple[Swing, ...]] = field(default_factory=dict)  # by profile, widest first
    sampling: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # by profile: J at p5, p50, p95
    mapping: Mapping[str, ChipMapping] = field(default_factory=dict)  # by chip
    static: Mapping[str, Mapping[str, StaticCase]] = field(default_factory=dict)  # by profile, then pace
    floorline: Mapping[str, Floorline] = field(default_factory=dict)  # by profile: least times, and what binds
    attribution: Mapping[str, Attribution] = field(default_factory=dict)  # by profile: layers, levels, constants
    advice: Mapping[str, tuple[Action, ...]] = field(default_factory=dict)  # by profile: what would help
    convention: RateTimesFlops | None = None  # what most papers would print
    steps: tuple[NetworkCounts, ...] = ()  # counts of each time step
    graph: Graph | None = None  # for the picture of the network
    example: SpikeRecord | None = None  # with a raster; its first sample is shown

    @property
    def assumptions(self) -> tuple[Assumed, ...]:
        """What the numbers rest on that neither the model nor the data nor the user said."""
        return assumptions(self.findings)

    @property
    def other_findings(self) -> tuple[Finding, ...]:
        """Findings that are no assumptions."""
        return not_assumed(self.findings)

    def to_dict(self) -> dict[str, object]:
        """The content of report.json; counts are sums over the samples, energies J per inference."""
        counted = self.counts.to_dict()
        return {
            "stamp": self.stamp.to_dict(),
            "model": self.model.to_dict(),
            "samples": self.counts.samples,
            "timesteps": self.counts.timesteps,
            "accuracy": next(iter(self.accuracy.values()), None),
            "accuracy_by_stage": dict(self.accuracy),
            "layers": counted["layers"],
            "totals": counted["totals"],
            "edges": counted["edges"],
            "parameters": {name: found.to_dict() for name, found in parameters(self.graph, self.counts).items()},
            "steps": [{key: step.total(key) for key in ("spikes", *BY_STEP)} for step in self.steps],
            "deployments": {name: self._deployment(name) for name in self.deployments},
            "energy": {name: found.to_dict() for name, found in self.energy.items()},
            "ann": {name: {key: twin.to_dict() for key, twin in twins.items()} for name, twins in self.ann.items()},
            "breakeven": {
                "profiles": {
                    name: {key: point.to_dict() for key, point in points.items()}
                    for name, points in self.breakeven.items()
                },
                "layers": {
                    name: {key: [layer.to_dict() for layer in layers] for key, layers in points.items()}
                    for name, points in self.breakeven_layers.items()
                },
                "bounds": [bound.to_dict() for bound in self.bounds],
            },
            "sensitivity": {name: [s.to_dict() for s in swings] for name, swings in self.sensitivity.items()},
            "sampling": {name: dict(found) for name, found in self.sampling.items()},
            "levels": [variant.to_dict() for variant in self.levels],
            "relays": [relay.to_dict() for relay in self.relays],
            "advice": {name: [action.to_dict() for action in found] for name, found in self.advice.items()},
            "convention": {} if self.convention is None else self.convention.to_dict(),
            "mapping": {chip: found.to_dict() for chip, found in self.mapping.items()},
            "static": {
                name: {pace: case.to_dict() for pace, case in cases.items()} for name, cases in self.static.items()
            },
            "attribution": {name: found.to_dict() for name, found in self.attribution.items()},
            "headline": {bill.profile: bill.to_dict() for bill in bills(self.energy, self.static, self.floorline)},
            "floorline": {name: found.to_dict() for name, found in self.floorline.items()},
            "fidelity": {} if self.certificate is None else self.certificate.to_dict(),
            "quantisation": [layer.to_dict() for layer in self.quantisation],
            **findings_dict(self.findings),
        }

    def metrics(self) -> dict[str, float]:
        """One flat dict of numbers for TensorBoard, Weights & Biases or MLflow (`metrics.py`)."""
        return metrics(self.counts, self.model.neurons, self.energy, self.ann, self.static, self.accuracy)

    def summary(self) -> Summary:
        """Accuracy and energies; a notebook shows the page (`snnhw.analysis.report.notebook`)."""
        named = list(self.energy.items())
        rows = [(name, f"{range_text(found.per_inference, 'J')} per inference") for name, found in named[:SHOWN]]
        if named[SHOWN:]:
            rows.append(("other profiles", str(len(named) - SHOWN)))
        if self.certificate is not None:
            rows.append(("certificate", "all stages agree" if self.certificate.agrees else "stages differ"))
        run = f"{self.counts.samples:,} samples of {self.counts.timesteps} time steps"
        return Summary(
            f"Report of {self.model.name!r}",
            (
                ("counted", f"{run}, {self.counts.total('spikes'):,} spikes"),
                ("accuracy", ", ".join(f"{stage} {share:.4f}" for stage, share in self.accuracy.items()) or "unknown"),
                *rows,
                ("findings", str(len(self.findings))),
                *(("assumed", found.text) for found in self.assumptions),
            ),
        )

    def _deployment(self, name: str) -> dict[str, object]:
        energy = {profile: found[name] for profile, found in self.deployment_energy.items() if name in found}
        return {
            **self.deployments[name].to_dict(),
            "energy": {profile: {"unit": "J", **found.per_inference.to_dict()} for profile, found in energy.items()},
        }


def model_facts(layout: Layout, counts: NetworkCounts) -> ModelFacts:
    """Size of the network of `layout`, in the numbers that `counts` uses."""
    spiking = [layer for layer in counts.layers if layer.kind != "readout"]
    return ModelFacts(
        name=counts.name,
        parameters=counts.total("params"),
        neurons=sum(layer.neurons for layer in spiking),
        membranes=sum(layer.neurons * layer.membranes for layer in spiking),
        levels=counts.max_levels,
        timesteps=counts.timesteps,
        input_shape=layout.input_shape,
        layers=len(counts.layers),
    )


def assemble(
    graph: Graph | Layout,
    counts: NetworkCounts,
    profiles: Iterable[Profile],
    stamp: RunStamp,
    sections: Sections = NOTHING_MORE,
    *,
    chips: Iterable[str | Path | Chip] = CHIPS,
) -> Report:
    """Report with all that follows from graph, counts and profiles: energy, twins, deployments, break-even, chips.

    Args:
        graph: the one that was counted, or its layout, which has no picture.
        counts: of at least one sample.
        profiles: at least one; the first leads the page.
        stamp: of this run.
        sections: what the run has beyond its counts; with the sparsity of the ReLU twin, the quantised network that
            tells apart as many values is a twin too.
        chips: names, TOML files or limits of chips to map the network on.

    Raises:
        InputError: no profile, two of one name, no samples, a chip is unknown, or a profile cannot price the network.
    """
    chosen = tuple(profiles)
    if not chosen:
        raise InputError("A report needs at least one energy profile; name one with --profile.")
    names: dict[str, Profile] = {}
    for profile in chosen:
        if names.setdefault(profile.name, profile) != profile:
            raise InputError(f"Two different profiles are called {profile.name!r}; rename one in its file.")
    energy = {profile.name: estimate(counts, profile) for profile in chosen}
    ann = {profile.name: ann_estimates(counts, profile, sections.sparsity) for profile in chosen}
    layout = layout_of(graph)
    mapping, unmapped = chip_mappings(layout, [chip if isinstance(chip, Chip) else load_chip(chip) for chip in chips])
    placed = placements(layout, chosen, mapping)
    floors = floorlines(layout, sections.record, chosen, placed)
    static = static_cases(layout, counts, chosen, placed, floors)
    return Report(
        stamp,
        model_facts(layout, counts),
        counts,
        energy,
        ann,
        accuracy=sections.accuracy,
        certificate=sections.certificate,
        quantisation=sections.quantisation,
        findings=sections.findings + never_fired(counts) + unmapped + unbounded(layout, sections.record, placed),
        deployments=deployments(layout.span, counts),
        deployment_energy=deployment_energies(counts, chosen),
        breakeven=break_evens(counts, energy, ann),
        breakeven_layers=layer_break_evens(counts, energy, ann),
        bounds=published_bounds(counts),
        sensitivity={name: tornado(found) for name, found in energy.items()},
        sampling={name: sampled(found) for name, found in energy.items()},
        mapping=mapping,
        static=static,
        floorline=floors,
        attribution={name: attribution(counts, found) for name, found in energy.items()},
        advice={
            name: advice(
                Facts(
                    counts,
                    found,
                    {pace: case.energy for pace, case in static.get(name, {}).items()},
                    floors.get(name),
                    sections.trials,
                )
            )
            for name, found in energy.items()
            if found.profile.model != MEASURED  # a measurement says nothing of a changed network
        },
        convention=convention(layout.flops, counts),
        levels=sections.levels,
        relays=sections.relays,
        steps=sections.steps,
        example=sections.example,
        graph=graph if isinstance(graph, Graph) else None,
    )
