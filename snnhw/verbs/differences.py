"""Verbs over several runs: diff, what two differ in, and history, all runs of a folder by date."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from snnhw.nir.reading import Reading
from snnhw.verbs import completing
from snnhw.verbs.early import check_names
from snnhw.verbs.options import (
    Data,
    Dt,
    Force,
    Json,
    Kind,
    Profiles,
    Quiet,
    Reset,
    Samples,
    Shape,
    Timesteps,
    WrittenBy,
    check_data,
    frame,
)
from snnhw.verbs.terminal import progress_bars, show

WHAT = "report folder, report.json, counts.parquet, layers.csv, or a model: zoo name, run folder, .nir, FILE.py:NAME"
Side = Annotated[str, typer.Argument(help=WHAT, autocompletion=completing.models)]


def diff(
    a: Side,
    b: Side,
    out_dir: Annotated[
        Path | None, typer.Option("--out", "-o", help="folder for diff.html, diff.json and diff.csv")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--input",
            help="samples that a model runs on (default: those of the other side, else of its training's test split)",
            autocompletion=completing.data,
        ),
    ] = None,
    profile: Profiles = None,
    kind: Kind = None,
    data: Data = None,
    samples: Samples = None,
    timesteps: Timesteps = None,
    shape: Shape = None,
    dt: Dt = None,
    written_by: WrittenBy = None,
    reset: Reset = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """What two runs differ in: spikes, synops and joules of every layer, B less A, with the reasons."""
    from snnhw.workflows.diff import is_model

    if source is not None:
        check_data(data, source)
    models = [side for side in (a, b) if is_model(side)]
    check_names(models, [source], profile or (), quiet=quiet or as_json or not models)
    from snnhw.analysis.report.place import DIFFERENCE, check_place
    from snnhw.verbs.tables.differences import difference_lines
    from snnhw.workflows.diff import Running
    from snnhw.workflows.diff import diff as run

    if out_dir is not None:
        check_place(out_dir, DIFFERENCE, force=force)
    reading = Reading(dt, written_by, reset, timesteps, frame(shape))
    with progress_bars(quiet or as_json) as tick:
        made = run(a, b, Running(source, data, kind, samples, profile or (), reading), tick)
    pages = []
    if out_dir is not None:
        from snnhw.analysis.difference.writing import write_difference

        pages.append(f"difference: {write_difference(made, out_dir, force=force)}")
    show(made.to_dict(), as_json, *difference_lines(made), *pages)


def history(
    folder: Annotated[Path, typer.Argument(help="folder with the folders of reports")] = Path("."),
    profile: Annotated[
        list[str] | None,
        typer.Option(
            "--profile", help="show these (default: the first of each report)", autocompletion=completing.profiles
        ),
    ] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="also write all runs and profiles to this file")] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """All reports below a folder, by date: model, accuracy, synops, energy and profile."""
    from snnhw.analysis.difference.history import history as read
    from snnhw.verbs.tables.differences import history_lines

    found = read(folder)
    runs = found.shown(profile or ())
    written = []
    if csv is not None:
        from snnhw.analysis.difference.writing import write_history

        written.append(f"all runs and profiles: {write_history(found, csv, force=force)}")
    show(found.to_dict(), as_json, *history_lines(found, runs), *written)
