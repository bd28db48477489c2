"""From a loaded model and samples to a written report: simulate, count, price, write.

Takes what the command line names; gives the `Report` and the path of its page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from snnhw.analysis.advice.trials import TRIED, run_trials
from snnhw.analysis.counting.count import count
from snnhw.analysis.counting.counts import NetworkCounts
from snnhw.analysis.counting.relay import relays
from snnhw.analysis.energy.level_advice import Variant, level_advice
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.analysis.report.place import COUNTS, REPORT, check_place
from snnhw.analysis.report.report import Report, assemble
from snnhw.analysis.report.sections import Sections
from snnhw.analysis.report.stamp import Origin, make_stamp
from snnhw.analysis.report.writing import write_report
from snnhw.analysis.sharing.formats import write_formats
from snnhw.data.given import samples_given
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.gates.parquet_file import no_parquet
from snnhw.graph.finding import Finding
from snnhw.progress import Progress
from snnhw.quantisation.quantise import LayerScale
from snnhw.simulation.certificate import Certificate
from snnhw.simulation.engine import simulate
from snnhw.simulation.record import SpikeRecord
from snnhw.train.run import writing
from snnhw.workflows.for_data import check_labels, for_data, judging
from snnhw.workflows.load import LoadedModel, model_given
from snnhw.workflows.measuring import Keeping, measure
from snnhw.workflows.own_twin import OwnTwin, Twin, trained_twin
from snnhw.workflows.processes import rank
from snnhw.workflows.readings import with_readings
from snnhw.workflows.stored import write_stored
from snnhw.workflows.twin import MeasuredTwin, measure_twin

DEFAULT_PROFILES = ("loihi1-davies2018", "horowitz45-fp32")


@dataclass(frozen=True)
class ReportOptions:
    """What a report is asked for, and what its parts are where they are known already."""

    profiles: Sequence[str] = DEFAULT_PROFILES  # names or TOML files; the first leads the page
    ann: OwnTwin | Twin | None = None  # the trained ReLU twin, whose zeros the matched quantised twin skips
    levels: bool = False  # also run the network without each of its levels and with each threshold moved
    record: SpikeRecord | None = None  # of exactly these samples; they are simulated if it is None
    accuracy: Mapping[str, float] = field(default_factory=dict)  # by stage
    certificate: Certificate | None = None
    quantisation: tuple[LayerScale, ...] = ()
    findings: tuple[Finding, ...] = ()  # about those parts
    steps: tuple[NetworkCounts, ...] = ()  # counts of each time step
    force: bool = False  # replace files of such names that are of no report


def build_report(
    model: LoadedModel, inputs: Samples, options: ReportOptions | None = None, progress: Progress | None = None
) -> Report:
    """Report of `model` on `inputs`.

    Args:
        model: any loaded model.
        inputs: samples, with labels if accuracy is wanted.
        options: what is priced, and what is known already.
        progress: called with stage, samples finished, samples in all.

    Raises:
        InputError: a profile is unknown, the samples do not fit, the ReLU run is no twin of the model, advice on
            levels lacks labels or levels.
    """
    return _built(model_given(model), samples_given(inputs), options or ReportOptions(), progress)[0]


def _built(
    model: LoadedModel, inputs: Samples, options: ReportOptions, progress: Progress | None
) -> tuple[Report, LoadedModel, MeasuredTwin | None]:
    """The report, the model with all that was assumed, and the twin that was run."""
    model = with_readings(for_data(model, inputs), inputs)
    if options.levels:
        check_labels(model, inputs)
    inputs = judging(model, inputs)
    chosen = [load_profile(name) for name in options.profiles]
    record, accuracy, twin = options.record, dict(options.accuracy), None
    relu = None if options.ann is None else trained_twin(options.ann, model)  # refused before the samples run
    if record is None:
        measured = measure(model, inputs, progress)
        record, accuracy = measured.record, accuracy or measured.accuracy
    if relu is not None:
        twin = measure_twin(relu, model, inputs, progress)
        if twin.accuracy is not None:
            accuracy = {**accuracy, "ReLU twin": twin.accuracy}
    levels: tuple[Variant, ...] = ()
    if options.levels:
        if inputs.targets is None:
            raise InputError(f"{inputs.name} has no labels, so no level can be judged; give data with labels.")
        levels = level_advice(model.graph, inputs.values, inputs.targets, chosen[0], progress=progress)
    tried = len(inputs.values) if options.levels else TRIED
    trials = run_trials(model.graph, inputs.values, inputs.targets, samples=tried, progress=progress)
    seed = model.card.get("seed")
    stamp = make_stamp(
        Origin(model.name, model.checksum),
        Origin(inputs.name, inputs.checksum),
        profiles=chosen,
        seed=seed if isinstance(seed, int) else None,
    )
    sections = Sections(
        accuracy=accuracy,
        certificate=options.certificate,
        quantisation=options.quantisation,
        findings=(*model.findings, *options.findings),
        sparsity=None if twin is None else twin.sparsity,
        levels=levels,
        relays=relays(model.graph, record),
        trials=trials,
        steps=options.steps,
        example=simulate(model.graph, inputs.values[:1], raster=True),
        record=record,
    )
    return assemble(model.graph, count(model.graph, record), chosen, stamp, sections), model, twin


def make_report(
    model: LoadedModel,
    inputs: Samples,
    folder: str | Path,
    options: ReportOptions | None = None,
    progress: Progress | None = None,
) -> tuple[Report, Path]:
    """Write report.html, report.json, layers.csv, energy.csv and counts.parquet of `model` on `inputs` into `folder`.

    The last one needs pyarrow, and samples that run here: there is none where `options` have their record.

    Args:
        model: any loaded model.
        inputs: samples, with labels if accuracy is wanted.
        folder: where the files go.
        options: what is priced, and what is known already.
        progress: called with stage, samples finished, samples in all.

    Raises:
        InputError: as `build_report`, the folder cannot be written, or a file of such a name there is of no report.
    """
    model, inputs, options = model_given(model), samples_given(inputs), options or ReportOptions()
    check_place(folder, REPORT, force=options.force)
    if options.record is not None:
        report = build_report(model, inputs, options, progress)
        _drop_counts(Path(folder))
        return report, write_report(report, folder, force=options.force)
    made = report_together(model, inputs, folder, options, progress=progress)
    if made is None:
        raise InputError("Of several processes the first alone writes a report; call report_together in all of them.")
    return made.report, made.page


@dataclass(frozen=True)
class Written:
    """A report that lies in its folder."""

    report: Report
    page: Path
    also: tuple[Path, ...]  # what else it was written as


def report_together(
    model: LoadedModel,
    inputs: Samples,
    folder: str | Path,
    options: ReportOptions,
    *,
    by_step: bool = False,
    formats: Sequence[str] = (),
    progress: Progress | None = None,
) -> Written | None:
    """`make_report` of which all processes in the group measure their share; the first one writes, others give None.

    `by_step` counts each time step on its own, too, and writes steps.csv; `formats` are of
    `snnhw.analysis.sharing.formats.FORMATS`. Everything is written while the folder is held.
    """
    folder = Path(folder)
    if rank() == 0:
        check_place(folder, (*REPORT, "steps.csv") if by_step else REPORT, force=options.force)
    with writing(folder) if rank() == 0 else nullcontext():
        keeping = Keeping(folder, options.force, rows=not no_parquet())
        written = _written(model, inputs, keeping, options, by_step=by_step, progress=progress)
        if written is None:
            return None
        return Written(*written, write_formats(written[0], formats, folder, force=options.force))


def _written(
    model: LoadedModel,
    inputs: Samples,
    keeping: Keeping,
    options: ReportOptions,
    *,
    by_step: bool,
    progress: Progress | None,
) -> tuple[Report, Path] | None:
    for name in options.profiles:
        load_profile(name)  # refused before the samples run, not behind them
    if options.ann is not None:
        options = replace(options, ann=trained_twin(options.ann, model))  # read, built and refused once
    measured = measure(model, inputs, progress, by_step=by_step, keeping=keeping)
    if rank() > 0:
        return None
    accuracy = options.accuracy or measured.accuracy
    known = replace(options, record=measured.record, accuracy=accuracy, steps=measured.steps)
    report, model, twin = _built(model, inputs, known, progress)
    _drop_counts(keeping.folder)
    if measured.rows is not None:
        model = replace(model, findings=(*model.findings, *options.findings))
        write_stored(keeping.folder / COUNTS, model, inputs, measured, twin)
    page = write_report(report, keeping.folder, force=options.force)
    keeping.remove()
    return report, page


def _drop_counts(folder: Path) -> None:
    """Counts of the report that is replaced, which would be taken for those of the new one."""
    (folder / COUNTS).unlink(missing_ok=True)
