"""Verbs that count and price on data: report, compare."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from snnhw.nir.reading import Reading
from snnhw.verbs import completing
from snnhw.verbs.early import check_names
from snnhw.verbs.options import (
    Ann,
    AnnWeights,
    Data,
    Device,
    Dt,
    Force,
    InputOption,
    Json,
    Kind,
    Model,
    OutDir,
    Profiles,
    Quiet,
    Reset,
    Samples,
    Shape,
    Timesteps,
    WrittenBy,
    check_data,
    frame,
    twin,
)
from snnhw.verbs.terminal import PREPARING, progress_bars, show


def report(
    model: Model,
    source: InputOption,
    out_dir: OutDir,
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
    """Count operations and estimate energy; writes report.html, report.json, layers.csv and energy.csv.

    Under torchrun each process takes its share of the samples; the first writes the report of all.
    """
    check_data(data, source)
    check_names([model], [source], profile or (), quiet=True)
    asked = {"latex": latex, "bibtex": bibtex, "figures": figures, "card": card, "spdx": spdx, "badge": badge}
    formats = [name for name, wanted in asked.items() if wanted]
    with progress_bars(quiet or as_json, PREPARING) as tick:
        from snnhw.analysis.sharing.formats import check_formats, write_formats
        from snnhw.data.inputs import load_inputs
        from snnhw.simulation.execution import running_on
        from snnhw.verbs.tables.findings import finding_lines
        from snnhw.verbs.tables.reports import report_tables
        from snnhw.workflows.load import load_model
        from snnhw.workflows.processes import process_group
        from snnhw.workflows.report import DEFAULT_PROFILES, ReportOptions, report_together

        check_formats(formats, out_dir, force=force)
        with running_on(device):
            loaded = load_model(model, Reading(dt, written_by, reset, timesteps, frame(shape)))
            inputs = load_inputs(source, data, loaded.timesteps, kind).first(samples)
            options = ReportOptions(profile or DEFAULT_PROFILES, twin(ann, ann_weights), levels, force=force)
            with process_group():
                made = report_together(loaded, inputs, out_dir, options, by_step=by_step, progress=tick)
    if made is not None:
        written, page = made
        more = write_formats(written, formats, out_dir, force=force)
        told = finding_lines(written.findings)
        also = [f"also: {', '.join(path.name for path in more)}"] if more else []
        show(written.to_dict(), as_json, *report_tables(written), f"report: {page}", *also, *told)


def compare(
    models: Annotated[
        list[str],
        typer.Argument(help="run folders, zoo names, .nir or .pth files", autocompletion=completing.models),
    ],
    source: InputOption,
    out_dir: Annotated[Path | None, typer.Option("--out", help="folder to write the reports into")] = None,
    profile: Profiles = None,
    ann: Ann = None,
    ann_weights: AnnWeights = None,
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
    check_data(data, source)
    check_names(models, [source], profile or (), quiet=True)
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
    show(made.to_dict(), as_json, *comparison_tables(made))
