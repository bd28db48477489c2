"""The walk behind training: compile, write NIR and read it back, run every backend, compare spike for spike.

Takes a loaded model and samples; gives the certificate together with what was made on the way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from snnhw.data.given import samples_given
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.exporters.lava.run import TIMEOUT_S, RunOptions, run_lava
from snnhw.gates.text import file_name
from snnhw.glance import Summarised, Summary
from snnhw.graph.assumptions import assumptions
from snnhw.graph.finding import Finding
from snnhw.graph.ir import ILIF, LI, LIF, MLF, Array, Graph
from snnhw.nir.io import read_nir, write_nir
from snnhw.passes import FLOAT, compile_channels, run_passes
from snnhw.progress import Progress, counter, staged
from snnhw.quantisation.compile import compile_loihi
from snnhw.quantisation.quantise import Quantised
from snnhw.rules.refuse import refuse, sentence
from snnhw.rules.structure import structure
from snnhw.rules.ways import INTEGERS, LAVA, refusals
from snnhw.simulation.certificate import Certificate, Missing, Stage, certify, graph_backend, module_backend
from snnhw.simulation.compare import Backend
from snnhw.simulation.engine import simulate
from snnhw.simulation.record import SpikeRecord
from snnhw.workflows.for_data import for_data, judging
from snnhw.workflows.load import LoadedModel, model_given
from snnhw.workflows.witnesses import WITNESSES, check_witnesses, once, witness_backend

CHANNELS = "K channels"


@dataclass(frozen=True)
class LavaShare:
    """How many of the samples also run outside the engine: in Lava, in floats and in integers, and in witnesses."""

    samples: int = 5  # 0 leaves Lava out, and witnesses run all samples
    time_limit_s: float = TIMEOUT_S  # after which Lava is ended with an error
    witnesses: tuple[str, ...] = ()  # keys of WITNESSES, which run the integers


@dataclass(frozen=True, repr=False)
class Verification(Summarised):
    """The certificate, with the integers, records and files that belong to it; None where they could not be made."""

    certificate: Certificate
    quantised: Quantised | None
    floats: SpikeRecord  # of the multi-level graph, all samples
    integers: SpikeRecord | None  # of the integer graph, all samples
    nir: Path | None  # float channels
    nir_integers: Path | None
    findings: tuple[Finding, ...] = ()  # what had to be assumed or is to be said of the model and the samples

    def summary(self) -> Summary:
        """The certificate, and where the files are."""
        found = self.certificate.summary()
        written = [path for path in (self.nir, self.nir_integers) if path is not None]
        files = [("NIR files", ", ".join(p.name for p in written)), ("in", str(written[0].parent))] if written else []
        told = (("assumed", taken.text) for taken in assumptions(self.findings))
        title = f"Verification of {self.floats.samples:,} samples: {self.certificate.verdict}"
        return Summary(title, (*found.rows, *files, *told))


def verify(
    model: LoadedModel,
    inputs: Samples,
    calibration: Samples | Array,
    folder: str | Path,
    lava: LavaShare = LavaShare(),
    progress: Progress | None = None,
) -> Verification:
    """Certificate of `model` on `inputs`; what no rule refuses is compared, and what one refuses is listed with it.

    Args:
        model: float model.
        inputs: samples; all of them run in torch.
        calibration: samples that fix the scales of the integers; not the ones that accuracy is measured on.
        folder: where `<name>.nir` and `<name>_loihi.nir` are written; the first, and its row, are left out where NIR
            has no word for a neuron in floats.
        lava: how many samples also run in Lava, and who else runs the integers.
        progress: called with stage, samples finished, samples in all.

    Raises:
        InputError: the model is in integers already, its structure is broken, there is nothing to compare it with, or
            a witness is not known or cannot run here.
    """
    model, inputs, folder = model_given(model), samples_given(inputs), Path(folder)
    check_witnesses(lava.witnesses)
    if model.graph.is_integer:
        raise InputError(f"Model {model.name!r} is in Loihi integers already; verify the float model it comes from.")
    if isinstance(calibration, Samples):
        model, calibration = for_data(model, inputs, calibration), calibration.values
    else:
        model = for_data(model, inputs)
    refuse(structure(model.graph), model.graph, "any simulator")
    inputs = judging(model, inputs)
    missing: list[Missing] = []
    said: list[Finding] = []
    lacking = refusals(model.graph, INTEGERS)
    quantised = None if lacking else compile_loihi(model.graph, calibration)  # what it takes, Lava and NIR take too
    if lacking:
        missing.append(Missing("torch integers", sentence(lacking[0], model.graph, "Loihi")))
    name = file_name(model.name)

    def lava_stage(graph: Graph) -> Stage:
        backend = once(lava_backend(graph, lava.time_limit_s, progress))
        return Stage(backend, graph, samples=min(lava.samples, len(inputs.values)))

    def witnesses(graph: Graph) -> Iterator[Stage]:
        for name in lava.witnesses:
            witness = WITNESSES[name]
            if refused := refusals(graph, witness.way):
                missing.append(Missing(witness.title, sentence(refused[0], graph, witness.way.title)))
            else:
                yield Stage(witness_backend(name, graph, said, progress), graph, samples=lava.samples or None)

    floats, nir = float_stages(model, folder / f"{name}.nir", missing)
    nir_integers = None
    integers: list[Stage] = []
    if lava.samples and (refused := refusals(model.graph, LAVA)):
        missing.append(Missing("Lava floating point", sentence(refused[0], model.graph, "lava")))
    elif lava.samples:
        floats.append(lava_stage(compile_channels(model.graph)))
    if quantised is not None:
        nir_integers = write_nir(quantised.graph, folder / f"{name}_loihi.nir")
        integers = [
            Stage(graph_backend("torch integers", quantised.graph), quantised.graph),
            Stage(graph_backend("integer NIR read back", read_nir(nir_integers)), quantised.graph),
            *([lava_stage(quantised.graph)] if lava.samples else []),
            *witnesses(quantised.graph),
        ]
    if len(floats) == 1 and not integers:
        reasons = " ".join(stage.reason for stage in missing)
        raise InputError(f"There is nothing to compare {model.name!r} with, for no other stage takes it. {reasons}")

    total = len(inputs.values)
    whole = simulate(model.graph, inputs.values, progress=counter(progress, "float simulation", total))
    rounded = None
    if quantised is not None:
        rounded = simulate(quantised.graph, inputs.values, progress=counter(progress, "integer simulation", total))
    runs = {"float": whole} | ({} if rounded is None else {"loihi integers": rounded})
    accuracy = {} if inputs.targets is None else {run: runs[run].accuracy(inputs.targets) for run in runs}
    channels = next((stage for stage in floats if stage.backend.name == CHANNELS), floats[0])
    loss = (Stage(graph_backend("float channels", channels.graph), channels.graph), integers[0]) if integers else None
    certificate = certify((*floats, *integers), inputs.values, quantisation=loss, accuracy=accuracy, progress=progress)
    certificate = replace(certificate, missing=tuple(missing))
    told = model.findings if quantised is None else (*model.findings, *quantised.findings, *dict.fromkeys(said))
    return Verification(certificate, quantised, whole, rounded, nir, nir_integers, told)


def float_stages(model: LoadedModel, file: Path, missing: list[Missing]) -> tuple[list[Stage], Path | None]:
    """The stages in floats but Lava's, and the NIR file that was written; what cannot be made goes into `missing`."""
    stages = [Stage(graph_backend("multi-level graph", model.graph), model.graph)]
    if model.network is not None and model.traced is not None and model.traced.of_type(MLF, ILIF, LIF, LI):
        stages.insert(0, Stage(module_backend(model.network, model.traced, model.calling), model.traced))
    try:
        channels = compile_channels(model.graph)
        stages.append(Stage(graph_backend(CHANNELS, channels), channels))
    except InputError as error:
        missing.append(Missing(CHANNELS, str(error)))
    try:
        nir = write_nir(run_passes(model.graph, FLOAT), file)
    except InputError as error:
        missing.append(Missing("NIR read back", str(error)))
        return stages, None
    stages.append(Stage(graph_backend("NIR read back", read_nir(nir)), stages[-1].graph))
    return stages, nir


def lava_backend(graph: Graph, time_limit_s: float, progress: Progress | None = None) -> Backend:
    """Lava in its own interpreter: fixed point for integer graphs, floating point for float channels."""

    def run(inputs: Array, membranes: bool) -> SpikeRecord:
        options = RunOptions(timeout_s=time_limit_s, raster=True, membranes=membranes)
        return run_lava(graph, inputs, options, staged(progress, "Lava"))

    return Backend("Lava fixed point" if graph.is_integer else "Lava floating point", run)
