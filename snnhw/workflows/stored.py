"""Counts of a run in a file, parts of a run put together, and reports of such files without the network.

Takes what `measure` has kept of each sample; gives counts.parquet, or a `Report` and a comparison of stored counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from snnhw.analysis.hardware.chips import load_chip
from snnhw.analysis.hardware.profiles import load_profile
from snnhw.analysis.report.comparison import Comparison, compare_reports
from snnhw.analysis.report.fuller import check_replaced
from snnhw.analysis.report.place import COMPARISON, COUNTS_SIGN, REPORT, check_place, check_replaceable
from snnhw.analysis.report.report import CHIPS, Report, assemble
from snnhw.analysis.report.sections import Sections
from snnhw.analysis.report.stamp import Origin, make_stamp
from snnhw.analysis.report.writing import write_comparison, write_report
from snnhw.analysis.stored.header import Header, deployed_as
from snnhw.analysis.stored.merge import merge_counts
from snnhw.analysis.stored.places import stored_layout
from snnhw.analysis.stored.table import StoredCounts, cut, holds, read_counts, write_counts, write_table
from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.gates.regular import is_file
from snnhw.gates.text import file_name
from snnhw.graph.finding import Finding
from snnhw.graph.ir import Graph
from snnhw.graph.same import graph_checksum
from snnhw.train.run import software_versions
from snnhw.workflows.load import LoadedModel
from snnhw.workflows.measuring import Measured, shard_samples, stage_of
from snnhw.workflows.twin import MeasuredTwin

PART = "part-of-samples"  # code of the finding


def write_stored(
    path: Path, model: LoadedModel, inputs: Samples, measured: Measured, twin: MeasuredTwin | None = None
) -> Path:
    """Write the counts of each sample of a run that has kept them.

    Args:
        path: where the table goes.
        model: as it was measured, with what was assumed for these data.
        inputs: all samples of the run, of which `measured` may be a part.
        measured: of a run that kept rows.
        twin: of the trained ReLU twin on these samples, where it was run.

    Raises:
        InputError: pyarrow is missing, or the folder cannot be written.
    """
    rows = measured.rows
    if rows is None:
        raise InputError("This run has kept no counts of its samples; measure with Keeping(rows=True).")
    graph, seed = model.graph, model.card.get("seed")
    header = Header(
        network=model.name,
        graph_checksum=graph_checksum(graph),
        weights_checksum=model.checksum,
        data=inputs.name,
        data_checksum=inputs.checksum,
        data_samples=len(inputs.values),
        input_kind=kind_words(graph),
        deployment=deployed_as(graph),
        stage=stage_of(graph),
        seed=str(seed) if isinstance(seed, int) else "",
        versions=software_versions(),
        findings=model.findings,
        labelled=rows.labelled,
        shard_samples=shard_samples(graph, len(inputs.values), rows=True),
        demand=rows.demand,
        layout=stored_layout(graph, measured.record, [load_chip(name) for name in CHIPS]),
        sparsity=None if twin is None else twin.sparsity,
        twin_accuracy=None if twin is None else twin.accuracy,
    )
    return write_table(path, header, cut(header, rows.pieces()))


def kind_words(graph: Graph) -> str:
    """What enters a network, in words."""
    levels = graph.input.levels
    return "analogue" if levels is None else f"events 0..{levels}"


def merge(files: Sequence[Path], output: Path, *, force: bool = False) -> StoredCounts:
    """Put parts of one run into one file, the same whatever their order.

    Raises:
        InputError: a file cannot be read, two are not of one run or have a sample in common, or `output` is one of
            them or holds something else, and `force` is not given; a file of exactly these counts may be there.
    """
    _refuse_twice(files)
    check_place(output.parent, (), force=force)
    if not force:
        refuse_other(output)
    whole = merge_counts({str(path): read_counts(path) for path in files})
    if not force and is_file(output) and output.stat().st_size and not holds(output, whole):
        part = any(output.samefile(path) for path in files)  # also by another name or a link
        what = "is one of the files to merge" if part else "holds other counts"
        raise InputError(f"{output} {what}; choose another name or give --force.")
    write_counts(output, whole)
    return whole


def report_stored(stored: StoredCounts, profiles: Sequence[str]) -> Report:
    """Report of stored counts; its energies are those of a report of the network itself on these profiles.

    What only the network can give is left out: its picture, the raster of an example, changes that are tried on it.

    Raises:
        InputError: a profile is unknown, or the measurement of another network.
    """
    chosen, header = [load_profile(name) for name in profiles], stored.header
    correct, many = stored.correct, len(stored.samples)
    accuracy: dict[str, float] = {} if correct is None else {header.stage: correct / many}
    if header.twin_accuracy is not None:
        accuracy["ReLU twin"] = header.twin_accuracy
    stamp = make_stamp(
        Origin(header.network, header.weights_checksum),
        Origin(header.data, header.data_checksum),
        profiles=chosen,
        seed=int(header.seed) if header.seed else None,
        stored=True,
    )
    findings = (*header.findings, *_partial(stored))
    sections = Sections(accuracy=accuracy, findings=findings, sparsity=header.sparsity)
    chips = [on.chip for on in header.layout.chips]
    return assemble(header.layout, stored.counts, chosen, stamp, sections, chips=chips)


@dataclass(frozen=True)
class Repriced:
    """A report of stored counts, and its page where it was written."""

    report: Report
    page: Path | None


def report_from(file: Path, profiles: Sequence[str], folder: Path | None = None, *, force: bool = False) -> Repriced:
    """`report_stored` of a file, written into `folder` where one is given.

    Raises:
        InputError: as `read_counts` and `report_stored`, the folder cannot be written, or holds a report that says
            more than this one and `force` is not given.
    """
    if folder is not None:
        check_place(folder, REPORT, force=force)
    report = report_stored(read_counts(file), profiles)
    if folder is not None:
        check_replaced(folder, report, force=force)
    return Repriced(report, None if folder is None else write_report(report, folder, force=force))


def compare_from(
    files: Sequence[Path], profiles: Sequence[str], folder: Path | None = None, *, force: bool = False
) -> tuple[dict[str, Report], Comparison, Path | None]:
    """Reports of several files by label, their comparison, and its page where `folder` gets them.

    Raises:
        InputError: fewer than two files, or as `report_from`.
    """
    if len(files) < 2:
        raise InputError("A comparison of stored counts needs at least two files; name one more.")
    stored = [read_counts(file) for file in files]
    labels = labels_of(files, stored)
    if folder is not None:
        check_place(folder, COMPARISON, force=force)
        for label in labels:
            check_place(folder / file_name(label), REPORT, force=force)
    reports = {label: report_stored(one, profiles) for label, one in zip(labels, stored, strict=True)}
    found = compare_reports(reports)
    if folder is None:
        return reports, found, None
    for label, report in reports.items():
        check_replaced(folder / file_name(label), report, force=force)
    for label, report in reports.items():
        write_report(report, folder / file_name(label), force=force)
    return reports, found, write_comparison(found, folder, force=force)


def labels_of(files: Sequence[Path], stored: Sequence[StoredCounts]) -> list[str]:
    """The names of the networks where they differ, else those of the files, else their paths."""
    for names in ([one.header.network for one in stored], [file.stem for file in files]):
        if len(set(names)) == len(names):
            return names
    _refuse_twice(files)
    return [str(file) for file in files]


def refuse_other(path: Path) -> None:
    """Nothing, where the table may go to `path`: nothing is there, or counts.

    Raises:
        InputError: something else is there.
    """
    check_replaceable(path, COUNTS_SIGN, "file of counts")


def _refuse_twice(files: Sequence[Path]) -> None:
    named = [str(file) for file in files]
    twice = [name for name in named if named.count(name) > 1]
    if twice:
        raise InputError(f"{twice[0]} is named twice, and its samples would count twice; name it once.")


def _partial(stored: StoredCounts) -> tuple[Finding, ...]:
    """Said of a part of a run, whose energies are those of fewer samples."""
    if stored.whole:
        return ()
    found, of = len(stored.samples), stored.header.data_samples
    message = f"these are counts of {found:,} of {of:,} samples, and all numbers are of those alone"
    return (Finding(PART, "warning", "", message, "merge all parts with snnhw counts merge"),)
