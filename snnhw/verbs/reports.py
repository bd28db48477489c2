"""Verbs that count and price on data: report, compare."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from snnhw.nir.reading import Reading
from snnhw.verbs import completing
from snnhw.verbs.crossbars import check_crossbars, verdict_tables, verdicts_on_crossbars, written_verdicts
from snnhw.verbs.early import check_names
from snnhw.verbs.options import (
    Ann,
    AnnWeights,
    Data,
    Device,
    Dt,
    Force,
    InputOptional,
    Json,
    Kind,
    Optional,
    Profiles,
    Quiet,
    Reset,
    Samples,
    Shape,
    Timesteps,
    WrittenBy,
    check_data,
    frame,
    needed,
    twin,
)
from snnhw.verbs.stored import (
    compare_stored,
    refuse_beside_from,
    refuse_beside_shard,
    refuse_reports,
    report_stored,
    show_part,
    show_plan,
    without_counts,
)
from snnhw.verbs.terminal import PREPARING, progress_bars, show


def report(
    model: Optional = None,
    source: InputOptional = None,
    out_dir: Annotated[Path | None, typer.Option("--out", help="folder to write")] = None,
    stored: Annotated[
        Path | None, typer.Option("--from", help="a counts.parquet, which is priced in place of MODEL on --input")
    ] = None,
    profile: Profiles = None,
    ann: Ann = None,
    ann_weights: AnnWeights = None,
    levels: Annotated[
        bool, typer.Option("--levels", help="also run without each level and with each threshold moved")
    ] = False,
    by_step: Annotated[
        bool, typer.Option("--by-step", help="also count each time step on its own; writes steps.csv too")
    ] = False,
    latex: Annotated[bool, typer.Option("--latex", help="also tables.tex, booktabs tables for a paper")] = False,
    bibtex: Annotated[bool, typer.Option("--bibtex", help="also sources.bib, every source of a price")] = False,
    figures: Annotated[bool, typer.Option("--figures", help="also the charts as SVG and PDF")] = False,
    card: Annotated[bool, typer.Option("--card", help="also model_card.md, for a Hugging Face model card")] = False,
    spdx: Annotated[bool, typer.Option("--spdx", help="also energy.spdx.json, SPDX 3.0.1 AI profile")] = False,
    badge: Annotated[bool, typer.Option("--badge", help="also badge.svg, one line for a README")] = False,
    shard: Annotated[
        str | None, typer.Option("--shard", help="I/N: only count this part of the samples, into counts-IofN.parquet")
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="say time, memory and shards from the first samples; writes nothing")
    ] = False,
    kind: Kind = None,
    data: Data = None,
    samples: Samples = None,
    timesteps: Timesteps = None,
    shape: Shape = None,
    dt: Dt = None,
    written_by: WrittenBy = None,
    reset: Reset = None,
    force: Force = False,
    device: Device = "cpu",
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Count operations and estimate energy; writes report.html, report.json, layers.csv, energy.csv, counts.parquet.

    Under torchrun each process takes its share of the samples; the first writes the report of all. With --shard, array
    jobs or machines count a part each, which `snnhw counts merge` puts together. --from prices stored counts anew.
    """
    asked = {"latex": latex, "bibtex": bibtex, "figures": figures, "card": card, "spdx": spdx, "badge": badge}
    formats = [name for name, wanted in asked.items() if wanted]
    if stored is not None:
        given: dict[str, object] = {
            "MODEL": model,
            "--input": source,
            "--ann": ann,
            "--ann-weights": ann_weights,
            "--shard": shard,
            "--timesteps": timesteps,
        }
        given |= {"--data": data, "--samples": samples, "--input-kind": kind, "--input-shape": shape, "--dt": dt}
        given |= {"--written-by": written_by, "--reset": reset, "--levels": levels, "--by-step": by_step}
        refuse_beside_from({**given, "--plan": plan})
        report_stored(stored, out_dir, profile, formats, force=force, as_json=as_json)
        return
    model, source = needed(model, "MODEL"), needed(source, "--input")
    check_data(data, source)
    check_names([model], [source], profile or (), quiet=True)
    if plan or shard is not None:
        refuse_beside_shard(
            {"--ann": ann, "--ann-weights": ann_weights, "--levels": levels, "--by-step": by_step, **asked}, plan=plan
        )
    folder = Path() if plan else needed(out_dir, "--out")
    with progress_bars(quiet or as_json, PREPARING) as tick:
        from snnhw.analysis.sharing.formats import check_formats
        from snnhw.data.inputs import load_inputs
        from snnhw.simulation.execution import running_on
        from snnhw.verbs.tables.findings import finding_lines
        from snnhw.verbs.tables.reports import report_tables
        from snnhw.workflows.load import load_model
        from snnhw.workflows.processes import part_of, process_group
        from snnhw.workflows.report import DEFAULT_PROFILES, ReportOptions, report_together
        from snnhw.workflows.shards import count_part

        part = part_of(shard)
        if not plan:
            check_formats(formats, folder, force=force)
        with running_on(device):
            loaded = load_model(model, Reading(dt, written_by, reset, timesteps, frame(shape)))
            inputs = load_inputs(source, data, loaded.timesteps, kind).first(samples)
            if plan:
                show_plan(loaded, inputs, part, as_json)
                return
            if shard is not None:
                with process_group():
                    counted = count_part(loaded, inputs, folder, part, tick, force=force)
                show_part(counted, as_json)
                return
            options = ReportOptions(profile or DEFAULT_PROFILES, twin(ann, ann_weights), levels, force=force)
            with process_group():
                made = report_together(loaded, inputs, folder, options, by_step=by_step, formats=formats, progress=tick)
    if made is not None:
        told = finding_lines(made.report.findings)
        also = [f"also: {', '.join(path.name for path in made.also)}"] if made.also else []
        where = f"report: {made.page}"
        show(made.report.to_dict(), as_json, *report_tables(made.report), where, *also, *without_counts(), *told)


def compare(
    models: Annotated[
        list[str] | None,
        typer.Argument(help="run folders, zoo names, .nir or .pth files", autocompletion=completing.models),
    ] = None,
    source: InputOptional = None,
    out_dir: Annotated[Path | None, typer.Option("--out", help="folder to write the reports into")] = None,
    stored: Annotated[
        list[Path] | None, typer.Option("--from", help="counts.parquet files in place of models; the others may follow")
    ] = None,
    profile: Profiles = None,
    ann: Ann = None,
    ann_weights: AnnWeights = None,
    crossbar: Annotated[
        str | None,
        typer.Option(
            "--crossbar",
            help="also on RRAM crossbars, beside both twins: rram, rram64 or a TOML file",
            autocompletion=completing.crossbars,
        ),
    ] = None,
    kind: Kind = None,
    data: Data = None,
    samples: Samples = None,
    timesteps: Timesteps = None,
    shape: Shape = None,
    dt: Dt = None,
    written_by: WrittenBy = None,
    reset: Reset = None,
    force: Force = False,
    device: Device = "cpu",
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """One model against its ANN twins; several side by side: accuracy against energy, with the Pareto front."""
    if stored:
        given: dict[str, object] = {
            "--input": source,
            "--ann": ann,
            "--ann-weights": ann_weights,
            "--crossbar": crossbar,
            "--timesteps": timesteps,
            "--data": data,
            "--samples": samples,
        }
        given |= {"--input-kind": kind, "--input-shape": shape, "--dt": dt, "--written-by": written_by}
        refuse_beside_from({**given, "--reset": reset})
        files = [*stored, *(Path(name) for name in models or ())]
        compare_stored(files, out_dir, profile, force=force, as_json=as_json)
        return
    refuse_reports(models or ())
    models, source = needed(models, "MODELS..."), needed(source, "--input")
    check_data(data, source)
    check_names(models, [source], profile or (), quiet=True)
    check_crossbars(crossbar, out_dir, force=force)
    with progress_bars(quiet or as_json, PREPARING) as tick:
        from snnhw.data.inputs import load_inputs
        from snnhw.simulation.execution import running_on
        from snnhw.verbs.tables.reports import comparison_tables
        from snnhw.workflows.compare import compare as run
        from snnhw.workflows.load import load_models
        from snnhw.workflows.report import DEFAULT_PROFILES, ReportOptions

        with running_on(device):
            loaded = load_models(models, Reading(dt, written_by, reset, timesteps, frame(shape)))
            steps = {label: m.timesteps for label, m in loaded.items()}
            inputs = {label: load_inputs(source, data, t, kind).first(samples) for label, t in steps.items()}
            pairs = {label: (m, inputs[label]) for label, m in loaded.items()}
            options = ReportOptions(profile or DEFAULT_PROFILES, twin(ann, ann_weights), force=force)
            made = run(pairs, out_dir, options, tick)
            verdicts = {} if crossbar is None else verdicts_on_crossbars(pairs, crossbar, tick)
    result = made.to_dict()
    if verdicts:
        result["crossbar"] = {label: verdict.to_dict() for label, verdict in verdicts.items()}
    where = written_verdicts(verdicts, out_dir, force=force)
    show(result, as_json, *comparison_tables(made), *verdict_tables(verdicts), *where)
