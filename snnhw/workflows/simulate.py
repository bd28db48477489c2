"""A model run on samples in the backend that is asked for; the record goes into a file, the accuracy is said."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from snnhw.data.samples import Samples
from snnhw.graph.assumptions import findings_dict
from snnhw.graph.finding import Finding
from snnhw.graph.ir import Array
from snnhw.passes import deploy
from snnhw.progress import Progress
from snnhw.simulation.record import SpikeRecord
from snnhw.workflows.backends import graph_for, on_themselves, run_on, use_of_deployment
from snnhw.workflows.for_data import for_data, judging
from snnhw.workflows.load import LoadedModel
from snnhw.workflows.readings import with_readings


@dataclass(frozen=True)
class Backend:
    """Where and in which form a model runs."""

    name: str = "torch"  # a key of `snnhw.workflows.backends.BACKENDS`
    deployment: str = "channels"  # of K levels
    calibration: Samples | Array | None = None  # samples that fix the scales of integers
    raster: bool = False  # keep every spike


@dataclass(frozen=True)
class Simulated:
    """The spikes of a run, and where they are written."""

    path: Path
    backend: str
    record: SpikeRecord
    accuracy: float | None  # None without labels
    findings: tuple[Finding, ...] = ()  # what had to be assumed
    input: str = ""  # the unit of the record that is the input's events, where events entered

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON; spikes are summed over samples, steps and neurons, one number per level."""
        spikes = {name: [int(k.sum()) for k in unit.levels] for name, unit in self.record.units.items()}
        return {
            "path": str(self.path),
            "backend": self.backend,
            "samples": self.record.samples,
            "accuracy": self.accuracy,
            "outputs": {name: list(logits.shape) for name, logits in self.record.outputs.items()},
            "spikes": spikes,
            **findings_dict(self.findings),
        }


def simulate(
    model: LoadedModel, inputs: Samples, path: Path, on: Backend = Backend(), progress: Progress | None = None
) -> Simulated:
    """Run `model` on all `inputs` and write the record.

    Args:
        model: in floats or in Loihi integers.
        inputs: samples, with labels if accuracy is wanted.
        path: npz file to write.
        on: the backend.
        progress: called with the backend's name, samples finished, samples in all.

    Raises:
        InputError: the backend cannot run this graph or has no use for the calibration or the deployment, the samples
            do not fit, or the file cannot be written.
    """
    use_of_deployment(on.name, on.deployment)
    calibration: Array | None
    if isinstance(on.calibration, Samples):
        model, calibration = for_data(model, inputs, on.calibration), on.calibration.values
    else:
        model, calibration = for_data(model, inputs), on.calibration
    inputs = judging(model, inputs)
    graph = deploy(model.graph, on.deployment)
    ready, told = graph_for(on.name, graph, inputs.values, calibration)
    if isinstance(on.calibration, Samples) and on.calibration.name == inputs.name:
        told = (on_themselves(f"samples of {inputs.name}, of which those that ran are some"), *told)
    record = run_on(on.name, ready, inputs.values, raster=on.raster, progress=progress)
    record.save(path)
    accuracy = None if inputs.targets is None else record.accuracy(inputs.targets)
    findings = (*with_readings(model, inputs).findings, *told)
    return Simulated(path, on.name, record, accuracy, findings, graph.input.name)
