"""Verbs that count and price on data: report, compare."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from snnhw.errors import InputError
from snnhw.verbs.options import Data, Dt, InputOption, Json, Model, OutDir, Quiet, Reset, Samples, Timesteps, WrittenBy
from snnhw.verbs.terminal import progress_bars, show

Profiles = Annotated[list[str] | None, typer.Option("--profile", help="name or TOML file, may be repeated")]
Ann = Annotated[Path | None, typer.Option("--ann", help="run folder of the trained ReLU twin, whose zeros are used")]


def report(
    model: Model,
    source: InputOption,
    out_dir: OutDir,
    profile: Profiles = None,
    ann: Ann = None,
    levels: Annotated[
        bool, typer.Option("--levels", help="also run without each level and with each threshold moved")
    ] = False,
    by_step: Annotated[
        bool, typer.Option("--by-step", help="also count each time step on its own; writes steps.csv too")
    ] = False,
    data: Data = None,
    samples: Samples = None,
    timesteps: Timesteps = None,
    dt: Dt = None,
    written_by: WrittenBy = None,
    reset: Reset = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Count operations and estimate energy; writes report.html, report.json, layers.csv and energy.csv.

    Under torchrun each process takes its share of the samples; the first writes the report of all.
    """
    from snnhw.data.inputs import load_inputs
    from snnhw.workflows.load import load_model
    from snnhw.workflows.processes import process_group
    from snnhw.workflows.report import make_report, measure, report_tables

    loaded = load_model(model, dt=dt, timesteps=timesteps, written_by=written_by, reset=reset)
    inputs = load_inputs(source, data, loaded.graph.timesteps).first(samples)
    with process_group() as first, progress_bars(quiet or as_json or not first) as tick:
        measured = measure(loaded, inputs, tick, by_step=by_step)
        if not first:
            return
        made, path = make_report(
            loaded,
            inputs,
            out_dir,
            profiles=profile,
            record=measured.record,
            accuracy=measured.accuracy,
            steps=measured.steps,
            ann=ann,
            levels=levels,
            progress=tick,
        )
    show(made.to_dict(), as_json, *report_tables(made), f"report: {path}")


def compare(
    models: Annotated[list[str], typer.Argument(help="run folders, zoo names, .nir or .pth files")],
    source: InputOption,
    out_dir: Annotated[Path | None, typer.Option("--out", help="folder to write the reports into")] = None,
    profile: Profiles = None,
    ann: Ann = None,
    data: Data = None,
    samples: Samples = None,
    timesteps: Timesteps = None,
    dt: Dt = None,
    written_by: WrittenBy = None,
    reset: Reset = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """One model against its ANN twins; several side by side: accuracy against energy, and who is beaten by none."""
    from snnhw.analysis.report.comparison import compare_reports
    from snnhw.analysis.report.writing import write_comparison, write_report
    from snnhw.data.inputs import load_inputs
    from snnhw.workflows.load import load_model
    from snnhw.workflows.report import build_report, comparison_table, twin_tables

    if ann is not None and len(models) > 1:
        raise InputError(f"--ann is the twin of one model and {len(models)} are named; compare them one by one.")
    reports = {}
    files = [name for name in models if name.endswith(".nir")] or models  # of several models, the options are theirs
    with progress_bars(quiet or as_json) as tick:
        for name in models:
            if name in files:
                loaded = load_model(name, dt=dt, timesteps=timesteps, written_by=written_by, reset=reset)
            else:
                loaded = load_model(name, timesteps=timesteps)
            inputs = load_inputs(source, data, loaded.graph.timesteps).first(samples)
            label = Path(name).stem if Path(name).stem not in reports else name.strip("/.").replace("/", "_")
            reports[label] = build_report(loaded, inputs, profiles=profile, ann=ann, progress=tick)
            if out_dir is not None:
                write_report(reports[label], out_dir / label)
    if len(models) == 1:
        ((label, made),) = reports.items()
        result = {key: made.to_dict()[key] for key in ("model", "samples", "accuracy_by_stage", "ann", "breakeven")}
        where = () if out_dir is None else (f"report: {out_dir / label / 'report.html'}",)
        show(result, as_json, *twin_tables(made), *where)
        return
    found = compare_reports(reports)
    where = () if out_dir is None else (f"comparison: {write_comparison(found, out_dir)}",)
    show(found.to_dict(), as_json, comparison_table(found), *where)
