"""A model on RRAM crossbars: its mapping, what its reads cost on samples, and its ANN twins beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from snnhw.analysis.counting.count import count
from snnhw.analysis.crossbar.array import Crossbar, load_crossbar
from snnhw.analysis.crossbar.conditions import Condition, conditions
from snnhw.analysis.crossbar.costs import load_costs
from snnhw.analysis.crossbar.digital import adders_of
from snnhw.analysis.crossbar.machine import ASSUMES as OF_TIME
from snnhw.analysis.crossbar.machine import Machine, machine_of
from snnhw.analysis.crossbar.mapping import CrossbarMapping, map_crossbars
from snnhw.analysis.crossbar.pricing import ACCOUNTINGS, CrossbarEstimate, price, read_layers
from snnhw.analysis.crossbar.reads import NetworkReads, count_reads
from snnhw.analysis.crossbar.twin import ASSUMES, int8_twin, matched_twin
from snnhw.analysis.crossbar.verdict import (
    ANN,
    ANN_FLOAT,
    MATCHED,
    MATCHED_SKIPPED,
    SNN,
    SNN_ALL,
    SNN_SKIPPED,
    TWIN,
    Row,
    Verdict,
    verdict,
)
from snnhw.analysis.energy.estimate import estimate
from snnhw.analysis.energy.twin import ann_estimates
from snnhw.analysis.hardware.profiles import TWIN_BITS, Profile, load_profile
from snnhw.data.samples import Samples
from snnhw.errors import InputError, unknown
from snnhw.graph.assumptions import findings_dict
from snnhw.graph.finding import Finding
from snnhw.graph.ir import Graph
from snnhw.passes import DEPLOYMENTS
from snnhw.progress import Progress, counter
from snnhw.quantisation import CALIBRATION_SAMPLES
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.engine import simulate
from snnhw.workflows.for_data import for_data
from snnhw.workflows.integers import with_integer_findings
from snnhw.workflows.load import LoadedModel

DRIVES: Mapping[str, str] = {"channels": "channels", "graded": "pulse", "slots": "slots"}  # by deployment
DIGITAL = "lemaire45"  # the digital ways with their memory accesses
CALIBRATED = "Integers are calibrated on the first {n} samples themselves."
COSTS = "rram"


@dataclass(frozen=True)
class OnCrossbars:
    """A model on crossbars; what its reads cost where samples were given."""

    mapping: CrossbarMapping
    samples: int = 0
    reads: NetworkReads | None = None
    energies: tuple[CrossbarEstimate, ...] = ()  # by accounting
    machine: Machine | None = None
    findings: tuple[Finding, ...] = ()
    assumes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        own: dict[str, object] = {"samples": self.samples}
        if self.reads is not None and self.machine is not None:
            own["reads"] = self.reads.to_dict()["layers"]
            own["energy"] = {found.accounting: found.to_dict() for found in self.energies}
            own |= self.machine.to_dict()
        said = [*self.mapping.assumes, *self.assumes]
        return {**self.mapping.to_dict(), **own, "assumes": said, **findings_dict(self.findings)}


def crossbar_of(chip: str | Path, deployment: str) -> Crossbar:
    """The crossbar called `chip`, driven as the deployment of K levels says.

    Raises:
        InputError: there is no such crossbar or deployment, or crossbars have nothing for it.
    """
    if deployment not in DEPLOYMENTS:
        raise unknown("deployment", deployment, DRIVES)
    if deployment not in DRIVES:
        raise InputError(
            f"Crossbars add the reads of all levels, so the deployment {deployment!r} is that of channels; give one "
            f"of {', '.join(DRIVES)}."
        )
    found = load_crossbar(chip)
    return found if deployment == "channels" else found.having(drive=DRIVES[deployment])


def on_crossbars(
    model: LoadedModel,
    crossbar: Crossbar,
    *,
    costs: str | Path = COSTS,
    inputs: Samples | None = None,
    progress: Progress | None = None,
) -> OnCrossbars:
    """The mapping of `model`; with samples, the reads that they cause and what these cost.

    Args:
        model: any loaded model; floats are mapped with the weight bits of the crossbar, and become Loihi integers,
            calibrated on `inputs`, where these are given.
        crossbar: from `crossbar_of`.
        costs: a profile of crossbars.
        inputs: samples.
        progress: called with stage, samples finished, samples in all.

    Raises:
        InputError: the graph cannot be on crossbars, the profile is none of crossbars, or the samples do not fit.
    """
    prices = load_costs(costs)
    model = with_integer_findings(model)
    if inputs is None:
        return OnCrossbars(map_crossbars(model.graph, crossbar), findings=model.findings)
    model, mapping, said = _integers(model, crossbar, inputs)
    reads = count_reads(mapping, inputs.values, counter(progress, "simulation", len(inputs.values)))
    driven, adders = read_layers(mapping, reads.layers), adders_of(mapping.graph)
    energies = tuple(price("crossbar SNN", driven, adders, reads.samples, prices, way) for way in ACCOUNTINGS)
    said = (*prices.assumes, *OF_TIME, *said)
    return OnCrossbars(mapping, reads.samples, reads, energies, machine_of(mapping, prices), model.findings, said)


@dataclass(frozen=True)
class Compared:
    """The verdict, and what would have to be true for crossbars to save."""

    verdict: Verdict
    conditions: tuple[Condition, ...]
    samples: int

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        would = [condition.to_dict() for condition in self.conditions]
        return {"samples": self.samples, **self.verdict.to_dict(), "conditions": would}


def compare_on_crossbars(
    model: LoadedModel,
    crossbar: Crossbar,
    inputs: Samples,
    *,
    costs: str | Path = COSTS,
    progress: Progress | None = None,
) -> Compared:
    """The network and its ANN twins, digital and on crossbars; arguments and errors as of `on_crossbars`."""
    prices, digital = load_costs(costs), load_profile(DIGITAL)
    model, mapping, said = _integers(with_integer_findings(model), crossbar, inputs)
    reads = count_reads(mapping, inputs.values, counter(progress, "crossbars", len(inputs.values)))
    driven, adders = read_layers(mapping, reads.layers), adders_of(mapping.graph)
    snn = [price(SNN, driven, adders, reads.samples, prices, way) for way in ACCOUNTINGS]
    twins = [int8_twin(mapping, reads, prices), *(matched_twin(mapping, reads, prices, way) for way in ACCOUNTINGS)]
    names = (SNN_ALL, SNN_SKIPPED, TWIN, MATCHED, MATCHED_SKIPPED)
    on_tiles = [
        Row(
            name,
            found.per_inference,
            prices.scope,
            f"{prices.technology_nm:g}",
            mapping.weight_bits,
            prices.name,
            found.terms,
        )
        for name, found in zip(names, (*snn, *twins), strict=True)
    ]
    rows = (*_digital(model.graph, inputs, digital, progress), *on_tiles)
    found = verdict(rows, (*mapping.assumes, *prices.assumes, *ASSUMES, *digital.assumes, *said))
    int8 = next((row for row in rows if row.name == ANN), rows[0])
    return Compared(found, conditions(snn[0], snn[1], twins[2], int8), reads.samples)


def _digital(graph: Graph, inputs: Samples, profile: Profile, progress: Progress | None) -> tuple[Row, ...]:
    record = simulate(graph, inputs.values, progress=counter(progress, "digital", len(inputs.values)))
    counts = count(graph, record)
    nm = f"{profile.technology_nm:g}"
    found = estimate(counts, profile)
    rows = [Row(SNN, found.per_inference, found.scope, nm, profile.number_bits or 0, profile.name)]
    twins = {(twin.precision, twin.scope): twin for twin in ann_estimates(counts, profile).values()}
    for name, precision in ((ANN, "int8"), (ANN_FLOAT, "fp32")):
        if twin := twins.get((precision, profile.scope)):
            rows.append(Row(name, twin.per_inference, twin.scope, nm, TWIN_BITS[precision], ", ".join(twin.profiles)))
    return tuple(rows)


def _integers(
    model: LoadedModel, crossbar: Crossbar, inputs: Samples
) -> tuple[LoadedModel, CrossbarMapping, tuple[str, ...]]:
    """The model for its samples, its integers on crossbars, and how they were made."""
    model = for_data(model, inputs)
    if model.graph.is_integer:
        return model, map_crossbars(model.graph, crossbar), ()
    fixing = inputs.first(CALIBRATION_SAMPLES)
    made = compile_loihi(model.graph, fixing.values)
    model = replace(model, findings=(*model.findings, *made.findings))
    return model, map_crossbars(made.graph, crossbar), (CALIBRATED.format(n=len(fixing.values)),)
