"""Accuracy of a model on labelled samples; a trained module runs as it was trained, a NIR file in the engine.

Of a network with several outputs the first one is labelled, and the engine runs it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.graph.assumptions import findings_dict
from snnhw.graph.finding import Finding
from snnhw.progress import Progress, counter
from snnhw.rules.ways import check_run
from snnhw.simulation.engine import check_sample, simulate
from snnhw.train.evaluate import evaluate as evaluate_module
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
    """Name of the test split of the data that `model` was trained on.

    Raises:
        InputError: the model does not say what it was trained on.
    """
    if "data" not in model.card:
        raise InputError(f"Model {model.name!r} does not say what it was trained on; name samples with --input.")
    return f"{model.card['data']}:test"


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
    if model.network is None or model.calling is not None or len(model.graph.readouts) > 1:
        accuracy = simulate(model.graph, inputs.values, progress=finished).accuracy(inputs.targets)
    else:
        check_sample(model.graph)
        accuracy = evaluate_module(model.network, inputs, progress=finished).accuracy
    return Evaluated(model.name, inputs.name, len(inputs.values), accuracy, model.findings)
