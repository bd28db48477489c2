"""The SPDX document: the shape that the model of SPDX 3.0.1 asks for, quantities equal to the report, marked estimates.

The shape is written down here from the model's pages (Core, Software and AI of SPDX 3.0.1), as a JSON schema.
"""

from __future__ import annotations

import dataclasses
import json
from decimal import Decimal

import jsonschema
import pytest

from snnhw.analysis.sharing.spdx import CONTEXT, spdx
from snnhw.graph.finding import Finding
from tests.analysis.report_sample import ACCURACY, sample_report

TOLD = (Finding("dt-assumed", "warning", "", "the file does not say dt", "give --dt"),)
IRI = {"type": "string", "pattern": r"^(_:|[a-z][a-z0-9+.-]*:)[^\s<>\"{}|\\^`#]+$"}  # what RFC 3987 allows
TEXT = {"type": "string", "minLength": 1}
DESCRIPTION = {
    "type": "object",
    "required": ["type", "ai_energyQuantity", "ai_energyUnit"],
    "additionalProperties": False,
    "properties": {
        "type": {"const": "ai_EnergyConsumptionDescription"},
        "ai_energyQuantity": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]*)?$"},  # xsd:decimal has no exponent
        "ai_energyUnit": {"enum": ["kilowattHour", "megajoule", "other"]},
    },
}
ENTRY = {
    "type": "object",
    "required": ["type", "key"],
    "properties": {"type": {"const": "DictionaryEntry"}, "key": TEXT, "value": TEXT},
}
CLASSES = {
    "CreationInfo": {
        "type": TEXT,
        "@id": IRI,
        "specVersion": {"const": "3.0.1"},
        "created": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
        "createdBy": {"type": "array", "minItems": 1, "items": IRI},
    },
    "SoftwareAgent": {"type": TEXT, "spdxId": IRI, "creationInfo": IRI, "name": TEXT},
    "SpdxDocument": {
        "type": TEXT,
        "spdxId": IRI,
        "creationInfo": IRI,
        "profileConformance": {"type": "array", "items": {"enum": ["core", "software", "ai"]}},
        "rootElement": {"type": "array", "minItems": 1, "items": IRI},
    },
    "Annotation": {
        "type": TEXT,
        "spdxId": IRI,
        "creationInfo": IRI,
        "annotationType": {"enum": ["other", "review"]},
        "subject": IRI,
        "statement": TEXT,
    },
    "ai_AIPackage": {
        "type": TEXT,
        "spdxId": IRI,
        "creationInfo": IRI,
        "name": TEXT,
        "comment": TEXT,
        "software_primaryPurpose": {"const": "model"},
        "software_packageVersion": TEXT,
        "ai_typeOfModel": {"type": "array", "items": TEXT},
        "ai_metric": {"type": "array", "items": ENTRY},
        "ai_energyConsumption": {
            "type": "object",
            "required": ["type"],
            "additionalProperties": False,
            "properties": {
                "type": {"const": "ai_EnergyConsumption"},
                "ai_inferenceEnergyConsumption": {"type": "array", "minItems": 1, "items": DESCRIPTION},
            },
        },
    },
}


@pytest.fixture(scope="module")
def report():
    return sample_report(complete=False, findings=TOLD, accuracy=ACCURACY)


@pytest.fixture(scope="module")
def graph(report):
    written = json.loads(spdx(report))
    assert written["@context"] == CONTEXT and set(written) == {"@context", "@graph"}
    return written["@graph"]


def test_every_element_has_the_shape_of_its_class(graph):
    for element in graph:
        shape = CLASSES[element["type"]]
        schema = {"type": "object", "required": list(shape), "properties": shape, "additionalProperties": False}
        jsonschema.validate(element, schema)


def test_any_name_of_a_profile_makes_an_identity_that_is_an_iri(report):
    names = ('a b <i>"#', "a%20b", "a b", "\u00b5")
    energy = dict(zip(names, [*report.energy.values()] * 2, strict=True))
    written = json.loads(spdx(dataclasses.replace(report, energy=energy)))["@graph"]
    test_every_element_has_the_shape_of_its_class(written)
    test_every_name_that_is_used_is_an_element_and_no_two_share_one(written)


def test_every_name_that_is_used_is_an_element_and_no_two_share_one(graph):
    names = [element.get("spdxId", element.get("@id")) for element in graph]
    assert len(names) == len(set(names))
    for element in graph:
        used = [element.get("creationInfo"), element.get("subject"), *element.get("createdBy", ())]
        assert {*used, *element.get("rootElement", ())} - {None} <= set(names)


def test_the_quantity_is_the_typical_energy_and_the_range_is_marked_as_an_estimate(report, graph):
    packages = [element for element in graph if element["type"] == "ai_AIPackage"]
    assert len(packages) == len(report.energy)
    for package, (name, found) in zip(packages, report.energy.items(), strict=True):
        (inference,) = package["ai_energyConsumption"]["ai_inferenceEnergyConsumption"]
        assert float(Decimal(inference["ai_energyQuantity"]) * 10**6) == found.per_inference.typical
        metrics = {entry["key"]: entry["value"] for entry in package["ai_metric"]}
        for end, value in found.per_inference.to_dict().items():
            assert float(metrics[f"energy per inference, {end}, J"]) == value
        assert float(metrics["accuracy, float"]) == ACCURACY["float"]
        (note,) = [e["statement"] for e in graph if e.get("subject") == package["spdxId"]]
        assert note.startswith("Estimate of one inference") and f"profile {name} " in note
        assert "the file does not say dt" in note and "estimate" in package["comment"]
