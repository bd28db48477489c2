"""The energy of an inference as SPDX 3.0.1 with its AI profile: `ai_EnergyConsumption`, marked as an estimate.

https://spdx.github.io/spdx-spec/v3.0.1/model/AI/Classes/EnergyConsumption/ has room for a quantity and a unit; the
typical value stands there, in megajoules, and the range, its scope, its sources and what was assumed stand in an
`Annotation` of the package and in `ai_metric`. One package a profile, since a package has one energy.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from urllib.parse import quote

from snnhw.analysis.hardware.scopes import scope_words
from snnhw.analysis.report.report import Report

CONTEXT = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
SPACE = "urn:snnhw"
CREATION = "_:creation"
MEGA = Decimal(10) ** 6


def spdx(report: Report) -> str:
    """The JSON-LD document."""
    return json.dumps({"@context": CONTEXT, "@graph": list(_graph(report))}, indent=1, ensure_ascii=False) + "\n"


def _graph(report: Report) -> Iterator[dict[str, object]]:
    stamp, about = report.stamp, f"{SPACE}:{report.stamp.weights_checksum[:16] or 'network'}"
    tool, made = f"{about}:tool", {"creationInfo": CREATION}
    yield {
        "type": "CreationInfo",
        "@id": CREATION,
        "specVersion": "3.0.1",
        "created": stamp.date.replace("+00:00", "Z"),
        "createdBy": [tool],
    }
    yield {"type": "SoftwareAgent", "spdxId": tool, "name": f"snnhw {stamp.versions.get('snnhw', '')}".strip(), **made}
    packages = {name: f"{about}:{quote(name, safe='')}" for name in report.energy}
    yield {
        "type": "SpdxDocument",
        "spdxId": f"{about}:document",
        "profileConformance": ["core", "software"],  # the profile AI wants licences, which a report does not know
        "rootElement": list(packages.values()),
        **made,
    }
    for name, identity in packages.items():
        yield _package(report, name, identity) | made
        yield {
            "type": "Annotation",
            "spdxId": f"{identity}:annotation",
            "annotationType": "other",
            "subject": identity,
            "statement": _statement(report, name),
            **made,
        }


def _package(report: Report, name: str, identity: str) -> dict[str, object]:
    energy = report.energy[name].per_inference
    metrics = {f"energy per inference, {end}, J": repr(getattr(energy, end)) for end in ("low", "typical", "high")}
    metrics |= {f"accuracy, {stage}": repr(share) for stage, share in report.accuracy.items()}
    return {
        "type": "ai_AIPackage",
        "spdxId": identity,
        "name": report.model.name,
        "comment": "The energy is an estimate from counted operations, not a measurement.",
        "software_primaryPurpose": "model",
        "software_packageVersion": report.stamp.weights_checksum or "unknown",
        "ai_typeOfModel": ["spiking neural network"],
        "ai_metric": [{"type": "DictionaryEntry", "key": key, "value": value} for key, value in metrics.items()],
        "ai_energyConsumption": {
            "type": "ai_EnergyConsumption",
            "ai_inferenceEnergyConsumption": [
                {
                    "type": "ai_EnergyConsumptionDescription",
                    "ai_energyQuantity": format(Decimal(repr(energy.typical)) / MEGA, "f"),
                    "ai_energyUnit": "megajoule",
                }
            ],
        },
    }


def _statement(report: Report, name: str) -> str:
    found = report.energy[name]
    low, typical, high = found.per_inference.ends
    assumed = "; ".join(f"{taken.subject}: {taken.text}" for taken in report.assumptions)
    return (
        f"Estimate of one inference with the hardware profile {name} ({found.profile.title}): {typical!r} J typical, "
        f"{low!r} to {high!r} J; covers {scope_words(found.scope)}; mean over {report.counts.samples} samples of "
        f"{report.stamp.data}, T = {report.counts.timesteps}. Assumed: {assumed or 'nothing'}."
    )
