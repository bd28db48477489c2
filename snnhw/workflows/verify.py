"""The walk behind training: compile, write NIR and read it back, run every backend, compare spike for spike.

Takes a loaded model and samples; gives the certificate together with what was made on the way.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from snnhw.data.given import samples_given
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.exporters.lava.run import TIMEOUT_S, RunOptions, run_lava
from snnhw.gates.text import file_name
from snnhw.graph.assumptions import assumptions
from snnhw.graph.finding import Finding
from snnhw.graph.ir import ILIF, LIF, MLF, Array, Graph
from snnhw.nir.io import read_nir, write_nir
from snnhw.passes import FLOAT, compile_channels, run_passes
from snnhw.progress import Progress, counter, staged
from snnhw.quantisation.compile import compile_loihi
from snnhw.quantisation.quantise import Quantised
from snnhw.simulation.certificate import Certificate, Stage, certify, graph_backend, module_backend
from snnhw.simulation.compare import Backend
from snnhw.simulation.engine import simulate
from snnhw.simulation.record import SpikeRecord
from snnhw.summary import Summarised, Summary
from snnhw.workflows.for_data import for_data
from snnhw.workflows.load import LoadedModel, model_given


@dataclass(frozen=True)
class LavaShare:
    """How many of the samples also run in Lava, in floats and in integers, and for how long."""

    samples: int = 5  # 0 leaves Lava out
    time_limit_s: float = TIMEOUT_S  # after which Lava is ended with an error


@dataclass(frozen=True, repr=False)
class Verification(Summarised):
    """The certificate, with the integers, records and files that belong to it."""

    certificate: Certificate
    quantised: Quantised
    floats: SpikeRecord  # of the multi-level graph, all samples
    integers: SpikeRecord  # of the integer graph, all samples
    nir: Path  # float channels
    nir_integers: Path
    findings: tuple[Finding, ...] = ()  # what had to be assumed or is to be said of the model and the samples

    def summary(self) -> Summary:
        """The certificate, and where the files are."""
        found = self.certificate.summary()
        files = (("NIR files", f"{self.nir.name}, {self.nir_integers.name}"), ("in", str(self.nir.parent)))
        verdict = "all stages agree" if self.certificate.agrees else "stages differ"
        told = (("assumed", taken.text) for taken in assumptions(self.findings))
        return Summary(f"Verification of {self.floats.samples:,} samples: {verdict}", (*found.rows, *files, *told))


def verify(
    model: LoadedModel,
    inputs: Samples,
    calibration: Samples | Array,
    folder: str | Path,
    lava: LavaShare = LavaShare(),
    progress: Progress | None = None,
) -> Verification:
    """Certificate of `model` on `inputs`.

    Args:
        model: float model.
        inputs: samples; all of them run in torch.
        calibration: samples that fix the scales of the integers; not the ones that accuracy is measured on.
        folder: where `<name>.nir` and `<name>_loihi.nir` are written.
        lava: how many samples also run in Lava.
        progress: called with stage, samples finished, samples in all.

    Raises:
        InputError: the model is in integers already, or a rule of `snnhw.rules.ways.INTEGERS` refuses it.
    """
    model, inputs, folder = model_given(model), samples_given(inputs), Path(folder)
    if model.graph.is_integer:
        raise InputError(f"Model {model.name!r} is in Loihi integers already; verify the float model it comes from.")
    if isinstance(calibration, Samples):
        model, calibration = for_data(model, inputs, calibration), calibration.values
    else:
        model = for_data(model, inputs)
    quantised = compile_loihi(model.graph, calibration)  # what it takes, Lava and NIR take too
    channels = compile_channels(model.graph)
    name = file_name(model.name)
    nir = write_nir(run_passes(model.graph, FLOAT), folder / f"{name}.nir")
    nir_integers = write_nir(quantised.graph, folder / f"{name}_loihi.nir")

    def lava_stage(graph: Graph) -> Stage:
        backend = lava_backend(graph, lava.time_limit_s, progress)
        return Stage(backend, graph, samples=min(lava.samples, len(inputs.values)))

    stages = [
        Stage(graph_backend("multi-level graph", model.graph), model.graph),
        Stage(graph_backend("K channels", channels), channels),
        Stage(graph_backend("NIR read back", read_nir(nir)), channels),
    ]
    if model.network is not None and model.traced is not None and model.traced.of_type(MLF, ILIF, LIF):
        stages.insert(0, Stage(module_backend(model.network, model.traced, model.calling), model.traced))
    if lava.samples:
        stages.append(lava_stage(channels))
    integers = Stage(graph_backend("torch integers", quantised.graph), quantised.graph)
    stages += [
        integers,
        Stage(graph_backend("integer NIR read back", read_nir(nir_integers)), quantised.graph),
    ]
    if lava.samples:
        stages.append(lava_stage(quantised.graph))

    total = len(inputs.values)
    floats = simulate(model.graph, inputs.values, progress=counter(progress, "float simulation", total))
    whole = simulate(quantised.graph, inputs.values, progress=counter(progress, "integer simulation", total))
    accuracy = {}
    if inputs.targets is not None:
        accuracy = {"float": floats.accuracy(inputs.targets), "loihi integers": whole.accuracy(inputs.targets)}
    certificate = certify(
        tuple(stages),
        inputs.values,
        quantisation=(Stage(graph_backend("float channels", channels), channels), integers),
        accuracy=accuracy,
        progress=progress,
    )
    return Verification(certificate, quantised, floats, whole, nir, nir_integers, model.findings)


def lava_backend(graph: Graph, time_limit_s: float, progress: Progress | None = None) -> Backend:
    """Lava in its own interpreter: fixed point for integer graphs, floating point for float channels."""

    def run(inputs: Array, membranes: bool) -> SpikeRecord:
        options = RunOptions(timeout_s=time_limit_s, raster=True, membranes=membranes)
        return run_lava(graph, inputs, options, staged(progress, "Lava"))

    return Backend("Lava fixed point" if graph.is_integer else "Lava floating point", run)
