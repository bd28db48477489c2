"""What the command line does with stored counts: prices them anew, shows a plan or a part, merges parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from snnhw.analysis.report.place import COUNTS
from snnhw.errors import InputError
from snnhw.gates.parquet_file import no_parquet
from snnhw.verbs.crossbars import written_verdicts
from snnhw.verbs.early import check_names
from snnhw.verbs.options import Force, Json, Profiles
from snnhw.verbs.terminal import show, table

if TYPE_CHECKING:
    from snnhw.data.samples import Samples
    from snnhw.workflows.load import LoadedModel
    from snnhw.workflows.processes import Part
    from snnhw.workflows.shards import Counted

Files = Annotated[list[Path], typer.Argument(help="counts-1of8.parquet and its like, in any order")]


def counts_merge(
    files: Files,
    output: Annotated[Path, typer.Option("-o", "--output", help="the file of all of them")],
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Put parts of one run into one file, the same whatever their order and whoever counted them."""
    from snnhw.workflows.stored import merge

    whole = merge(files, output, force=force)
    header = whole.header
    result = {
        "counts": str(output),
        "samples": len(whole.samples),
        "samples_of_run": header.data_samples,
        "complete": whole.whole,
        "bytes": output.stat().st_size,
    }
    missing = header.data_samples - len(whole.samples)
    rest = "all samples of the run" if whole.whole else f"{missing:,} of {header.data_samples:,} samples are missing"
    parts = "1 part" if len(files) == 1 else f"{len(files)} parts"
    show(result, as_json, f"counts: {output}, {len(whole.samples):,} samples of {parts}; {rest}")


def counts_show(
    file: Annotated[Path, typer.Argument(help="a counts.parquet")], profile: Profiles = None, as_json: Json = False
) -> None:
    """What a file of counts holds, and how the energies of its samples spread; without static power."""
    check_names((), (), profile or (), quiet=True)
    from snnhw.analysis.digits import range_text
    from snnhw.analysis.hardware.profiles import load_profile
    from snnhw.analysis.ranges import Range
    from snnhw.analysis.stored.pricing import sample_energies, summary_of
    from snnhw.analysis.stored.table import read_counts
    from snnhw.workflows.report import DEFAULT_PROFILES

    stored = read_counts(file)
    header, chosen = stored.header, [load_profile(name) for name in profile or DEFAULT_PROFILES]
    spread = summary_of(sample_energies(stored, chosen))
    about = {
        "network": header.network,
        "data": header.data,
        "samples": len(stored.samples),
        "samples_of_run": header.data_samples,
        "timesteps": header.timesteps,
        "input": header.input_kind,
        "deployment": header.deployment,
        "model_sha256": header.graph_checksum,
        "data_sha256": header.data_checksum,
        "columns": len(stored.columns),
        "assumed": [finding.to_dict() for finding in header.findings],
    }
    rows = [
        (name, *(range_text(Range.exact(found[key]), "J") for key in ("mean", "min", "p5", "p95", "max")))
        for name, found in spread.items()
    ]
    columns = ("profile", ">mean", ">least", ">5 %", ">95 %", ">most")
    shown = [(key.replace("_", " "), value) for key, value in about.items() if key != "assumed"]
    show(
        {**about, "energy": {name: {"unit": "J", **found} for name, found in spread.items()}},
        as_json,
        table(f"Counts in {file}", ("what", "it is"), shown),
        table("Typical energy of single samples, without what the chip draws while it waits", columns, rows),
    )


def report_stored(
    file: Path, folder: Path | None, profile: list[str] | None, formats: Sequence[str], *, force: bool, as_json: bool
) -> None:
    """`snnhw report --from`."""
    check_names((), (), profile or (), quiet=True)
    from snnhw.analysis.sharing.formats import check_formats, write_formats
    from snnhw.verbs.tables.findings import finding_lines
    from snnhw.verbs.tables.reports import report_tables
    from snnhw.workflows.report import DEFAULT_PROFILES
    from snnhw.workflows.stored import report_from

    if formats and folder is None:
        raise InputError(f"--{formats[0]} is a file and --out names no folder for it; give --out.")
    if folder is not None:
        check_formats(formats, folder, force=force)
    made = report_from(file, profile or DEFAULT_PROFILES, folder, force=force)
    more = () if folder is None else write_formats(made.report, formats, folder, force=force)
    where = () if made.page is None else (f"report: {made.page}",)
    also = (f"also: {', '.join(path.name for path in more)}",) if more else ()
    told = finding_lines(made.report.findings)
    show(made.report.to_dict(), as_json, *report_tables(made.report), *where, *also, *told)


def compare_stored(
    files: Sequence[Path], folder: Path | None, profile: list[str] | None, *, force: bool, as_json: bool
) -> None:
    """`snnhw compare --from`."""
    check_names((), (), profile or (), quiet=True)
    from snnhw.verbs.tables.reports import comparison_tables
    from snnhw.workflows.compare import Compared
    from snnhw.workflows.report import DEFAULT_PROFILES
    from snnhw.workflows.stored import compare_from

    made = Compared(*compare_from(files, profile or DEFAULT_PROFILES, folder, force=force))
    show(made.to_dict(), as_json, *comparison_tables(made), *written_verdicts({}, folder, force=force))


def show_plan(model: LoadedModel, inputs: Samples, part: Part, as_json: bool) -> None:
    """`snnhw report --plan`."""
    from snnhw.gates.memory import in_words
    from snnhw.workflows.plan import plan

    made = plan(model, inputs, part)
    size = f"{made.rows:,} rows, about {in_words(made.file_bytes)}" if made.rows else no_parquet()
    rows = (
        ("samples in all", f"{made.samples:,}"),
        ("shards", f"{made.shards:,} of {made.shard_samples:,} samples; at most so many parts and processes"),
        ("samples of this part", f"{made.part_samples:,}"),
        ("time of one process", f"{made.seconds:,.1f} s, {1e3 * made.seconds_per_sample:.3g} ms a sample"),
        ("memory of one process", in_words(made.memory_bytes)),
        ("counts.parquet", size),
    )
    title = f"Plan for {made.model} on {made.data}, from {made.measured_samples:,} samples on this machine"
    show(made.to_dict(), as_json, table(title, ("what", "how much"), rows), "This is a plan: nothing is written.")


def show_part(counted: Counted | None, as_json: bool) -> None:
    """`snnhw report --shard`; nothing in a process that is not the first."""
    if counted is None:
        return
    first, last = counted.samples.start, counted.samples.stop - 1
    how = "counted" if counted.fresh else "finished before, so nothing was counted"
    show(counted.to_dict(), as_json, f"counts: {counted.path}, samples {first} to {last}, {how}")


def without_counts() -> tuple[str, ...]:
    """Said after a report where its counts could not be written."""
    missing = no_parquet()
    return (f"counts.parquet is not written: {missing}.",) if missing else ()


def refuse_beside_from(given: Mapping[str, object]) -> None:
    """Nothing, where no option stands beside --from that would change nothing.

    Raises:
        InputError: one does.
    """
    for name, value in given.items():
        if value:
            raise InputError(f"--from has the counts already, so {name} would change nothing; leave it out.")


def refuse_reports(models: Sequence[str]) -> None:
    """Nothing, where no model is the folder of a report, which is compared by its counts.

    Raises:
        InputError: one is; the message says how.
    """
    from snnhw.train.card import CARD

    found = [name for name in models if (Path(name) / "report.json").is_file() and not (Path(name) / CARD).is_file()]
    if found:
        counts = " ".join(str(Path(name) / COUNTS) for name in found)
        two = f" or by snnhw diff {' '.join(found)}" if len(found) == 2 else ""
        what = "is the folder of a report" if len(found) == 1 else "are folders of reports"
        raise InputError(f"{', '.join(found)} {what}; compare reports by their counts with --from {counts}{two}.")


def refuse_beside_shard(given: Mapping[str, object], *, plan: bool) -> None:
    """Nothing, where no option stands beside --shard or --plan that needs the whole run.

    Raises:
        InputError: one does.
    """
    for name, value in given.items():
        if value:
            option, why = ("--plan", "writes nothing") if plan else ("--shard", "only counts")
            text = name if name.startswith("-") else f"--{name}"
            raise InputError(f"{option} {why}, and {text} is for a whole report; leave one of them out.")
