"""The chapters of a report's page: which there are, what they are called, and one line that says what is inside.

Takes a `Report`; gives the chapters in the order of the page. The contents, the folded chapters and the templates ask
for the same list, so that no link leads nowhere. A chapter whose input was not given is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isinf

from snnhw.analysis.counting.deployments import Deployment
from snnhw.analysis.digits import count_text, percent, range_text, significant
from snnhw.analysis.energy.estimate import EnergyEstimate
from snnhw.analysis.report.heat_map import shares
from snnhw.analysis.report.report import Report
from snnhw.analysis.report.verdict import fidelity, precision_name, rate_text


@dataclass(frozen=True)
class Chapter:
    """One chapter."""

    key: str  # id of its section
    title: str
    teaser: str  # what is seen of it while it is folded


def chapters(report: Report) -> dict[str, Chapter]:
    """By key, those that the report has anything for."""
    found = {key: (title, teaser(report)) for key, (title, teaser) in CHAPTERS.items()}
    return {key: Chapter(key, title, text) for key, (title, text) in found.items() if text is not None}


def differing(found: Mapping[str, Deployment]) -> bool:
    """Whether the deployments differ in any work: with one level to a unit and nothing shared, all are the same."""
    return len({tuple(v for k, v in one.to_dict().items() if k not in ("name", "needs")) for one in found.values()}) > 1


def _lead(report: Report) -> EnergyEstimate:
    return next(iter(report.energy.values()))


def _energy(report: Report) -> str:
    lead = _lead(report)
    whole = lead.per_inference.typical
    constants = report.attribution[lead.profile.name].constants if lead.profile.name in report.attribution else {}
    if not whole or not constants:
        return f"{range_text(lead.per_inference, 'J')} on {lead.profile.name}"
    most = max(constants, key=lambda name: constants[name].typical)
    share = percent(constants[most].typical / whole, 0)
    return f"{share} on {lead.profile.name} is for {most.replace('_', ' ')}"


def _layers(report: Report) -> str:
    rows, found = len(report.counts.layers), shares(_lead(report))
    counted = f"{rows} layer{'s' * (rows != 1)}"
    most = max(found, key=lambda name: found[name], default="")
    return f"{counted}; {most} takes {percent(found[most], 0)} of the energy" if most and found[most] else counted


def _network(report: Report) -> str | None:
    return None if report.graph is None else "the picture, with rates and shares of the energy"


def _spikes(report: Report) -> str:
    counts, neurons = report.counts, report.model.neurons
    slots = counts.samples * counts.timesteps * neurons
    rate = f", {significant(counts.total('spikes') / slots)} per neuron and step" if slots else ""
    return f"{count_text(counts.total('spikes') / counts.samples)} spikes per inference{rate}"


def _deployments(report: Report) -> str | None:
    if not differing(report.deployments):
        return None
    energies = next(iter(report.deployment_energy.values()), {})
    if not energies:
        return f"{len(report.deployments)} ways to run the same network"
    least = min(energies, key=lambda name: energies[name].per_inference.typical)
    energy = range_text(energies[least].per_inference, "J")
    return f"{energy} as {least}, the cheapest of {len(energies)} ways on {next(iter(report.deployment_energy))}"


def _relays(report: Report) -> str | None:
    saving = sum(relay.saves for relay in report.relays)
    return f"{saving} of {len(report.relays)} would save events as one graded spike" if report.relays else None


def _chip(report: Report) -> str | None:
    cores = [
        f"{count_text(found.cores)} core{'s' * (found.cores != 1)} of {found.chip.title}"
        for found in report.mapping.values()
    ]
    return ", ".join(cores) if cores else None


def _breakeven(report: Report) -> str | None:
    points = [(name, key, point) for name, twins in report.breakeven.items() for key, point in twins.items()]
    if not points:
        return None
    name, key, point = points[0]
    twin = f"{precision_name(key)} on {name}"
    if not point.rate:
        return "no neuron fires"
    measured = f"{significant(point.rate)} spikes per neuron and step measured"
    if point.break_even_rate is None:
        return f"{measured}; at typical constants no rate is cheaper than {twin}"
    if isinf(point.break_even_rate):
        return f"{measured}; at typical constants every rate is cheaper than {twin}"
    return f"{measured}; at typical constants {rate_text(point)} costs as much as {twin}"


def _levels(report: Report) -> str | None:
    return f"what {len(report.levels) - 1} changes would cost and save" if report.levels else None


def _fidelity(report: Report) -> str | None:
    return None if report.certificate is None else fidelity(report)[0] or "the certificate"


def _quantisation(report: Report) -> str | None:
    worst = max((layer.weight_error for layer in report.quantisation), default=None)
    return None if worst is None else f"weight error of at most {percent(worst)}, rms"


def _limits(report: Report) -> str:
    assumed = {text for found in report.energy.values() for text in found.assumes}
    left = {text for found in report.energy.values() for text in found.excludes}
    return f"{len(assumed)} assumptions, {len(left)} exclusions"


def _sources(report: Report) -> str:
    used = {term.constant.source for found in report.energy.values() for term in found.terms}
    return f"{len(used)} publication{'s' * (len(used) != 1)} behind the network's constants"


def _stamp(report: Report) -> str:
    return f"{report.stamp.day}, snnhw {report.stamp.versions.get('snnhw', '')}".rstrip(", ")


CHAPTERS: Mapping[str, tuple[str, Callable[[Report], str | None]]] = {
    "energy": ("Energy", _energy),
    "layers": ("Layers", _layers),
    "network": ("Network", _network),
    "spikes": ("Spikes", _spikes),
    "deployments": ("Deployments", _deployments),
    "relays": ("Residual sums", _relays),
    "chip": ("On chip", _chip),
    "breakeven": ("Break-even", _breakeven),
    "advice": ("Levels", _levels),
    "fidelity": ("Fidelity", _fidelity),
    "quantisation": ("Quantisation", _quantisation),
    "limits": ("Assumptions", _limits),
    "sources": ("Sources", _sources),
    "stamp": ("Run", _stamp),
}
