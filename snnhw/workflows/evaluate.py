"""Accuracy of a model on labelled samples, by the engine, whose convolutions work event by event.

Of a trained module its folded graph runs, in the number format of the module: the same function, whose sums are rounded
in another order. Of a network with several outputs the first one is labelled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from snnhw.data.own import is_own
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.graph.assumptions import findings_dict
from snnhw.graph.finding import Finding
from snnhw.progress import Progress, counter
from snnhw.rules.ways import check_run
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import DOUBLE, SINGLE, Execution
from snnhw.workflows.for_data import check_labels, for_data
from snnhw.workflows.load import LoadedModel


@dataclass(frozen=True)
class Evaluated:
    """Share of samples that a model classifies rightly."""

    model: str
    input: str
    samples: int
    accuracy: float
    findings: tuple[Finding, ...] = ()  # what had to be assumed or is to be said of the model and the samples

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {**asdict(self), **findings_dict(self.findings)}


def evaluation_data(model: LoadedModel) -> str:
    """Name of the test split of the data that `model` was trained on: of own data the file that its recipe names.

    Raises:
        InputError: the model does not say what it was trained on.
    """
    if "data" not in model.card:
        raise InputError(f"Model {model.name!r} does not say what it was trained on; name samples with --input.")
    data, recipe = str(model.card["data"]), model.card.get("recipe")
    if not is_own(data):
        return f"{data}:test"
    test = str(recipe.get("test", "")) if isinstance(recipe, Mapping) else ""
    if not test or not Path(test).is_file():
        raise InputError(f"Model {model.name!r} was trained on {data}; name samples with --input.")
    return test


def evaluate(model: LoadedModel, inputs: Samples, progress: Progress | None = None) -> Evaluated:
    """Accuracy of `model` on `inputs`.

    Raises:
        InputError: the samples have no labels or do not fit.
    """
    if inputs.targets is None:
        raise InputError(f"{inputs.name} has no labels; add an array 'target' to measure accuracy.")
    model = for_data(model, inputs)
    check_labels(model, inputs)
    check_run(model.graph)
    finished = counter(progress, "evaluation", len(inputs.values))
    record = simulate(model.graph, inputs.values, execution=execution_of(model), progress=finished)
    accuracy = record.accuracy(inputs.targets)
    return Evaluated(model.name, inputs.name, len(inputs.values), accuracy, model.findings)


def execution_of(model: LoadedModel) -> Execution:
    """In float64 where the module is, else in float32."""
    network = model.network
    double = network is not None and any(p.dtype == torch.float64 for p in network.parameters())
    return DOUBLE if double else SINGLE
