"""Verbs around training: train, evaluate, zoo, datasets."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from snnhw.errors import InputError
from snnhw.nir.reading import Reading
from snnhw.verbs.early import check_names
from snnhw.verbs.options import (
    Data,
    Device,
    Dt,
    Json,
    Kind,
    Model,
    Profiles,
    Quiet,
    Reset,
    Samples,
    Shape,
    TestInput,
    WrittenBy,
    check_data,
    frame,
)
from snnhw.verbs.terminal import PREPARING, err, progress_bars, show


def train(
    recipe: Annotated[str, typer.Argument(help="recipe name or TOML file")],
    out_dir: Annotated[Path | None, typer.Option("--out", help="run folder (default: runs/RECIPE)")] = None,
    data: Data = None,
    settings: Annotated[list[str] | None, typer.Option("--set", help="key=value, may be repeated")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="go on where a killed run stopped")] = False,
    tensorboard: Annotated[bool, typer.Option("--tensorboard", help="write event files into the run folder")] = False,
    energy_weight: Annotated[
        float | None, typer.Option("--energy-weight", help="weight of the spikes' energy in the loss")
    ] = None,
    energy_target: Annotated[
        float | None, typer.Option("--energy-target", help="nJ per inference that the weight is adapted to")
    ] = None,
    level_gates: Annotated[
        float | None, typer.Option("--level-gates", help="share of the epochs in which levels may die, such as 0.5")
    ] = None,
    profile: Annotated[str | None, typer.Option("--profile", help="profile that prices the spikes")] = None,
    deployment: Annotated[str | None, typer.Option("--deployment", help="how the levels are deployed there")] = None,
    start: Annotated[str | None, typer.Option("--start", help="trained network whose weights are gone on with")] = None,
    teacher: Annotated[str | None, typer.Option("--teacher", help="trained network whose logits are imitated")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train a recipe; writes model.safetensors, model.json and metrics.csv. Under torchrun on several processes."""
    from snnhw.train.fit import Shown, fit
    from snnhw.verbs.tables.training import run_table
    from snnhw.workflows.train import train as run

    if energy_target == 0:
        raise InputError("--energy-target 0 would be no target, which is what leaving it out means; give more than 0.")
    asked = {
        "energy_weight": energy_weight,
        "energy_target_nj": energy_target,
        "level_gates": level_gates,
        "energy_profile": profile,
        "energy_deployment": deployment,
        "start": start,
        "teacher": teacher,
    }
    chosen = [f"{key}={value}" for key, value in asked.items() if value is not None]
    shown = Shown(None if quiet else err, tensorboard)
    made = run(recipe, [*(settings or []), *chosen], out_dir, partial(fit, data_dir=data, resume=resume, shown=shown))
    if made.first:
        show(made.to_dict(), as_json, run_table(made.run))


def evaluate(
    model: Model,
    source: TestInput = None,
    kind: Kind = None,
    data: Data = None,
    samples: Samples = None,
    timesteps: Annotated[
        list[int] | None,
        typer.Option(
            "--timesteps", min=1, help="T, in place of the model's own; repeated: a table of the first so many steps"
        ),
    ] = None,
    shape: Shape = None,
    dt: Dt = None,
    written_by: WrittenBy = None,
    reset: Reset = None,
    device: Device = "cpu",
    exits: Annotated[
        list[float] | None,
        typer.Option("--exit-confidence", help="samples leave when the softmax reaches it; may be repeated"),
    ] = None,
    profiles: Profiles = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Accuracy of a model on labelled samples, by the engine.

    With --exit-confidence, or several --timesteps, it is a table: each with the energy on every --profile.
    """
    if source is not None:
        check_data(data, source)
    several = len(timesteps or []) > 1
    if profiles and not exits and not several:
        raise InputError(
            "--profile prices early exits or several T here; give --exit-confidence or several --timesteps with it, or "
            "leave it out."
        )
    if exits and several:
        raise InputError("Samples leave one run early; give --exit-confidence with one --timesteps, or leave it out.")
    check_names([model], [source], profiles or [], quiet=True)
    with progress_bars(quiet or as_json, PREPARING) as tick:
        from snnhw.data.inputs import load_inputs
        from snnhw.simulation.execution import running_on
        from snnhw.verbs.tables.findings import finding_lines
        from snnhw.verbs.tables.training import accuracy_table, exits_table, timesteps_table
        from snnhw.workflows.by_timesteps import evaluate_timesteps
        from snnhw.workflows.early_exit import evaluate_exits
        from snnhw.workflows.evaluate import evaluate as run
        from snnhw.workflows.evaluate import evaluation_data
        from snnhw.workflows.load import load_model

        with running_on(device):
            said = timesteps[0] if timesteps and not several else None
            loaded = load_model(model, Reading(dt, written_by, reset, said, frame(shape)))
            inputs = load_inputs(source or evaluation_data(loaded), data, loaded.timesteps, kind).first(samples)
            if exits:
                left = evaluate_exits(loaded, inputs, exits, profiles or [])
                made, shown = left.to_dict(), (exits_table(left), *finding_lines(left.findings))
            elif several:
                tried = evaluate_timesteps(loaded, inputs, timesteps or [], profiles or [], tick)
                made, shown = tried.to_dict(), (timesteps_table(tried), *finding_lines(tried.findings))
            else:
                found = run(loaded, inputs, tick)
                made, shown = found.to_dict(), (accuracy_table(found), *finding_lines(found.findings))
    show(made, as_json, *shown)


def zoo(as_json: Json = False) -> None:
    """Trained networks that come with the toolkit."""
    from snnhw.verbs.tables.training import zoo_table
    from snnhw.zoo import zoo_cards, zoo_names

    cards = dict(zip(zoo_names(), zoo_cards(), strict=True))
    show({"zoo": {name: card.to_dict() for name, card in cards.items()}}, as_json, zoo_table(cards))


def datasets(data: Data = None, as_json: Json = False) -> None:
    """Data sets: what is found, where to put what is missing, and where it comes from: address, licence, checksums."""
    from snnhw.data.datasets import available
    from snnhw.data.origins import ORIGINS
    from snnhw.verbs.tables.training import datasets_tables

    known = available(data)
    listed = [
        {"name": d.name, "found": d.found, "where": d.where, "remedy": d.remedy, **ORIGINS[d.name].to_dict()}
        for d in known
    ]
    show({"datasets": listed}, as_json, *datasets_tables(known, ORIGINS))
