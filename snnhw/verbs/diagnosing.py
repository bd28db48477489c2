"""The verb diagnose: where a network stops learning, and how much data it needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from snnhw.errors import InputError
from snnhw.nir.reading import Reading
from snnhw.verbs import completing
from snnhw.verbs.early import check_names
from snnhw.verbs.options import (
    Data,
    Force,
    InputOptional,
    Json,
    Optional,
    Samples,
    Shape,
    Timesteps,
    check_data,
    frame,
)
from snnhw.verbs.terminal import PREPARING, progress_bars, show

if TYPE_CHECKING:
    from rich.table import Table

    from snnhw.progress import Progress
    from snnhw.studies.plan import Plan
    from snnhw.studies.result import DataStudy

FOLDER = Path("fractions")


@dataclass(frozen=True)
class Where:
    """The places of a study."""

    folder: Path
    plot: Path | None
    data: Path | None  # with data sets
    force: bool


def diagnose(
    model: Optional = None,
    source: InputOptional = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="PNG or SVG file to write")] = None,
    study: Annotated[
        bool,
        typer.Option("--study", help="instead: DS blocks against plain, by depth and K; MODEL only gives T"),
    ] = False,
    epochs: Annotated[int, typer.Option("--epochs", min=0, help="of training before the study measures")] = 0,
    data_fractions: Annotated[
        str | None,
        typer.Option("--data-fractions", help="instead, without MODEL: accuracy by share of the data, as 0.01,0.1,1"),
    ] = None,
    recipes: Annotated[
        list[str] | None,
        typer.Option("--recipe", help="of a DS-ResNet, for --data-fractions; may be repeated (default: three small)"),
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="with --data-fractions: key=value of all recipes")
    ] = None,
    seeds: Annotated[int | None, typer.Option("--seeds", help="with --data-fractions: trainings of each (5)")] = None,
    reach: Annotated[
        str | None, typer.Option("--reach", help="with --data-fractions: accuracies to price, as 0.8,0.9")
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option("--profile", help="with --data-fractions: prices", autocompletion=completing.profiles),
    ] = None,
    out_dir: Annotated[
        Path | None, typer.Option("--out", help="with --data-fractions: folder of runs and results (fractions)")
    ] = None,
    data: Data = None,
    samples: Samples = 64,
    timesteps: Timesteps = None,
    shape: Shape = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Dormant potentials, cut residual sums and gradient norms by depth (Feng et al., IJCAI 2022).

    With --data-fractions: accuracy by share of the training samples for MLF units, a plain spiking ResNet and the ReLU
    twin, all with the same layers and steps. The same command again goes on where it was stopped.
    """
    of_fractions: dict[str, object] = {
        "--recipe": recipes,
        "--set": settings,
        "--seeds": seeds,
        "--reach": reach,
        "--profile": profile,
    }
    of_fractions |= {"--out": out_dir, "--force": force or None}
    if data_fractions is not None:
        others: dict[str, object] = {
            "MODEL": model,
            "--input": source,
            "--study": study or None,
            "--epochs": epochs or None,
        }
        others |= {"--timesteps": timesteps, "--input-shape": shape}
        _refuse(others, "--data-fractions trains networks of its own")
        with progress_bars(as_json, PREPARING) as tick:
            plan = _plan(data_fractions, recipes, settings, (seeds, samples), reach, profile)
            shown = _fractions(plan, Where(out_dir or FOLDER, plot, data, force), tick)
        show(shown[0].to_dict(), as_json, *shown[1])
        return
    _refuse(of_fractions, "Without --data-fractions nothing is trained on shares of the data")
    if model is None or source is None:
        raise InputError(
            "diagnose looks at a MODEL on samples; give both, as in snnhw diagnose digits --input digits:test."
        )
    check_data(data, source)
    check_names([model], [source], quiet=True)
    with progress_bars(as_json, PREPARING):
        from snnhw.data.inputs import load_inputs
        from snnhw.verbs.tables.training import diagnosis_tables, study_table
        from snnhw.workflows import diagnose as workflow
        from snnhw.workflows.load import load_model

        if epochs and not study:
            raise InputError("--epochs trains the networks of the study; give --study with it, or leave it out.")
        loaded = load_model(model, Reading(timesteps=timesteps, input_shape=frame(shape)))
        workflow.module_of(loaded)
        labelled = load_inputs(source, data, loaded.graph.timesteps)
        studied = workflow.study(labelled, samples, epochs, plot) if study else None
        found = None if study else workflow.diagnose(loaded, labelled, samples, plot)
    if studied is not None:
        show(studied.to_dict(), as_json, study_table(studied))
    if found is not None:
        show(found.to_dict(), as_json, *diagnosis_tables(found))


def _refuse(given: dict[str, object], why: str) -> None:
    named = [name for name, value in given.items() if value is not None]
    if named:
        raise InputError(f"{why}, so {', '.join(named)} would change nothing; leave it out.")


def _plan(
    fractions: str,
    recipes: list[str] | None,
    settings: list[str] | None,
    many: tuple[int | None, int | None],
    reach: str | None,
    profile: str | None,
) -> Plan:
    """The plan of what was typed, with the defaults of the study where nothing was."""
    from snnhw.studies.plan import Plan, check_plan, read_shares

    asked: dict[str, object] = {
        "recipes": tuple(recipes) if recipes else None,
        "settings": tuple(settings) if settings else None,
        "seeds": many[0],
        "samples": many[1],
        "targets": None if reach is None else read_shares(reach, "--reach"),
        "profile": profile,
    }
    given = {key: value for key, value in asked.items() if value is not None}
    plan = Plan(read_shares(fractions, "--data-fractions"), **given)  # type: ignore[arg-type]
    check_plan(plan)
    check_names(profiles=[plan.profile], quiet=True)
    return plan


def _fractions(plan: Plan, where: Where, tick: Progress) -> tuple[DataStudy, list[Table | str]]:
    """The study, and what is shown of it."""
    from snnhw.analysis.report.place import DATA_STUDY, check_place
    from snnhw.studies.assumes import ASSUMES
    from snnhw.studies.writing import write_study
    from snnhw.train.diagnosis_plots import check_picture
    from snnhw.verbs.tables.fractions import accuracy_tables, difference_table, reached_table
    from snnhw.workflows.data_study import data_study

    picture = where.plot or where.folder / "fractions.png"
    check_picture(picture)
    check_place(where.folder, DATA_STUDY, force=where.force)
    found = data_study(plan, where.folder, where.data, tick)
    written = write_study(found, where.folder, picture, force=where.force)
    tables = [*accuracy_tables(found), difference_table(found), reached_table(found)]
    return found, [*tables, *ASSUMES, f"study: {written}, picture: {picture}"]
