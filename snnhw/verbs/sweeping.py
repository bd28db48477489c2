"""The verb sweep: many runs of one recipe, over a space of its keys."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from snnhw.errors import InputError
from snnhw.verbs import completing
from snnhw.verbs.options import Data, Force, Json, Quiet
from snnhw.verbs.terminal import PREPARING, progress_bars, show


def sweep(
    spec: Annotated[Path, typer.Argument(help="TOML file with a recipe and a space over its keys")],
    out_dir: Annotated[Path | None, typer.Option("--out", help="folder of the sweep (default: sweeps/SPEC)")] = None,
    workers: Annotated[int, typer.Option("--workers", help="processes on this machine")] = 1,
    storage: Annotated[
        str | None, typer.Option("--storage", help="URL of a database in place of the journal in the folder")
    ] = None,
    trials: Annotated[int | None, typer.Option("--trials", help="in place of the trials of the SPEC")] = None,
    rescore: Annotated[bool, typer.Option("--rescore", help="only price the counts of all trials anew")] = False,
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile", help="with --rescore: name or TOML file that prices", autocompletion=completing.profiles
        ),
    ] = None,
    data: Data = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Search a recipe for what is accurate, cheap and fast; every trial is a run folder with its counts.

    The same command again goes on where a sweep was stopped, and on another machine joins in. Writes sweep.html,
    sweep.json and sweep.csv. With --rescore no network runs.
    """
    from snnhw.sweeps.available import check_available
    from snnhw.sweeps.spec import read_spec, with_trials

    if profile is not None and not rescore:
        raise InputError("The profile of a sweep stands in its SPEC; give --profile with --rescore, or leave it out.")
    if rescore and (workers != 1 or trials is not None):
        raise InputError("--rescore makes no trial, so --workers and --trials would change nothing; leave them out.")
    wanted = with_trials(read_spec(spec), trials)
    check_available()
    with progress_bars(quiet or as_json, PREPARING) as tick:
        from snnhw.analysis.report.place import SWEEP, check_place
        from snnhw.gates.text import file_name
        from snnhw.sweeps.storage import JOURNAL
        from snnhw.sweeps.writing import write_sweep
        from snnhw.verbs.tables.sweeping import sweep_tables
        from snnhw.workflows.sweep import place_of
        from snnhw.workflows.sweep import rescore as price
        from snnhw.workflows.sweep_workers import sweep as run

        place = place_of(wanted, out_dir, storage, data)
        if rescore:
            found = price(wanted, place, profile or wanted.profile)
            folder = place.folder / f"rescored-{file_name(found.profile)}"
        else:
            folder = place.folder
            check_place(folder, SWEEP, force=force)
            found = run(wanted, place, workers, tick)
    page = write_sweep(found, folder, force=force)
    journal = place.folder / JOURNAL
    look = [f"all trials in a browser: optuna-dashboard {journal}"] if storage is None and not rescore else []
    show(found.to_dict(), as_json, *sweep_tables(found), f"sweep: {page}", *look)
