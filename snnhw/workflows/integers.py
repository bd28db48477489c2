"""What is to be said of a model's integers wherever they run: what the registers of a chip may clip, in its T."""

from __future__ import annotations

from dataclasses import replace

from snnhw.rules.integers import state_range
from snnhw.rules.structure import BROKEN, structure
from snnhw.workflows.load import LoadedModel


def with_integer_findings(model: LoadedModel) -> LoadedModel:
    """`model` with the findings about its Loihi integers; `model` itself where it has none or they are there."""
    if not model.graph.is_integer or any(found.code in BROKEN for found in structure(model.graph)):
        return model
    new = tuple(found for found in state_range(model.graph) if found not in model.findings)
    return replace(model, findings=(*model.findings, *new)) if new else model
