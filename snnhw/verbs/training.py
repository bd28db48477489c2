"""Verbs around training: train, evaluate, diagnose, zoo, datasets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from snnhw.errors import InputError
from snnhw.verbs.options import (
    Data,
    Dt,
    InputOption,
    Json,
    Model,
    Quiet,
    Reset,
    Samples,
    TestInput,
    Timesteps,
    WrittenBy,
)
from snnhw.verbs.terminal import err, progress_bars, show, table

if TYPE_CHECKING:
    from snnhw.train.depth_study import DepthRow
    from snnhw.train.diagnose import Diagnosis


def train(
    recipe: Annotated[str, typer.Argument(help="recipe name or TOML file")],
    out_dir: Annotated[Path | None, typer.Option("--out", help="run folder (default: runs/RECIPE)")] = None,
    data: Data = None,
    settings: Annotated[list[str] | None, typer.Option("--set", help="key=value, may be repeated")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="go on where a killed run stopped")] = False,
    tensorboard: Annotated[bool, typer.Option("--tensorboard", help="write event files into the run folder")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train a recipe; writes model.safetensors, model.json and metrics.csv. Under torchrun on several processes."""
    from snnhw.train.fit import fit
    from snnhw.train.recipe import load_recipe
    from snnhw.workflows.processes import rank

    loaded = load_recipe(recipe, settings or [])
    run = fit(loaded, out_dir or Path("runs") / loaded.name, data, resume, None if quiet else err, tensorboard)
    if rank() > 0:
        return
    card = run.card
    rows = [(card.model, card.data, card.parameters, f"{card.accuracy:.2%}", str(run.path))]
    columns = ("model", "data", ">parameters", ">test accuracy", "folder")
    show({"path": str(run.path), "card": card.to_dict()}, as_json, table("Trained", columns, rows))


def evaluate(
    model: Model,
    source: TestInput = None,
    data: Data = None,
    samples: Samples = None,
    timesteps: Timesteps = None,
    dt: Dt = None,
    written_by: WrittenBy = None,
    reset: Reset = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Accuracy of a model on labelled samples; a trained module runs as it was trained, a NIR file in the engine."""
    from snnhw.data.inputs import load_inputs
    from snnhw.progress import counter
    from snnhw.simulation.engine import simulate
    from snnhw.train.evaluate import evaluate as evaluate_module
    from snnhw.workflows.load import load_model

    loaded = load_model(model, dt=dt, timesteps=timesteps, written_by=written_by, reset=reset)
    if source is None and not loaded.card:
        raise InputError(f"{model} does not say what it was trained on; name labelled samples with --input.")
    source = source or f"{loaded.card['data']}:test"
    inputs = load_inputs(source, data, loaded.graph.timesteps).first(samples)
    if inputs.targets is None:
        raise InputError(f"{source} has no labels; add an array 'target' to measure accuracy.")
    with progress_bars(quiet or as_json) as tick:
        count = counter(tick, "evaluation", len(inputs.values))
        if loaded.network is None:
            accuracy = simulate(loaded.graph, inputs.values, progress=count).accuracy(inputs.targets)
        else:
            accuracy = evaluate_module(loaded.network, inputs, progress=count).accuracy
    result = {"model": loaded.name, "input": inputs.name, "samples": len(inputs.values), "accuracy": accuracy}
    row = (loaded.name, inputs.name, len(inputs.values), f"{accuracy:.2%}")
    show(result, as_json, table("Accuracy", ("model", "input", ">samples", ">accuracy"), [row]))


def zoo(as_json: Json = False) -> None:
    """Trained networks that come with the toolkit."""
    from snnhw.zoo import zoo_cards, zoo_names

    cards = dict(zip(zoo_names(), zoo_cards(), strict=True))
    rows = [(n, c.model, c.data, f"{c.accuracy:.2%}", c.parameters, c.timesteps) for n, c in cards.items()]
    columns = ("name", "model", "data", ">test accuracy", ">parameters", ">T")
    show({"zoo": {n: c.to_dict() for n, c in cards.items()}}, as_json, table("Zoo", columns, rows))


def datasets(data: Data = None, as_json: Json = False) -> None:
    """Data sets: what is found, and where to put what is missing."""
    from snnhw.data.datasets import available

    found = available(data)
    rows = [(d.name, "yes" if d.found else "no", d.where or d.remedy) for d in found]
    result = {"datasets": [{"name": d.name, "found": d.found, "where": d.where, "remedy": d.remedy} for d in found]}
    show(result, as_json, table("Data sets", ("name", "found", "where, or what to do"), rows))


def diagnose(
    model: Model,
    source: InputOption,
    plot: Annotated[Path | None, typer.Option("--plot", help="PNG or SVG file to write")] = None,
    study: Annotated[bool, typer.Option("--study", help="instead: DS blocks against plain, by depth and K")] = False,
    epochs: Annotated[int, typer.Option("--epochs", min=0, help="of training before the study measures")] = 0,
    data: Data = None,
    samples: Samples = 64,
    as_json: Json = False,
) -> None:
    """Dormant potentials, cut residual sums and gradient norms by depth (Feng et al., IJCAI 2022)."""
    from snnhw.data.datasets import load, parse
    from snnhw.train.depth_study import Study, depth_study
    from snnhw.train.diagnose import diagnose as run
    from snnhw.train.diagnosis_plots import plot_diagnosis, plot_study
    from snnhw.workflows.load import load_model

    loaded = load_model(model)
    name, split = parse(source)
    labelled = load(name, split, data, loaded.graph.timesteps)
    if study:
        rows = depth_study(labelled, Study(samples=samples or len(labelled), epochs=epochs))
        if plot is not None:
            plot_study(rows, plot)
        show({"rows": [asdict(r) for r in rows]}, as_json, _study_table(rows, epochs))
        return
    if loaded.network is None:
        raise InputError(f"{model} is a graph without a module to differentiate; give a run folder or a zoo name.")
    found = run(loaded.network, labelled, samples or len(labelled))
    if plot is not None:
        plot_diagnosis(found, plot)
    show(found.to_dict(), as_json, *_diagnosis_tables(found))


def _study_table(rows: Sequence[DepthRow], epochs: int) -> Table:
    columns = (
        "block",
        ">depth",
        ">K",
        ">loss",
        ">dormant",
        ">without gradient",
        ">sums cut",
        ">at sums",
        ">at weights",
    )
    cells = [
        (
            r.kind,
            r.depth,
            r.levels,
            f"{r.loss:.2f}",
            f"{r.dormant:.1%}",
            f"{r.without_gradient:.1%}",
            f"{r.cut:.1%}",
            f"{r.residual_gain:.2f}",
            f"{r.gradient_decay:.2f}",
        )
        for r in rows
    ]
    return table(f"After {epochs} epochs; right: gradient norm, first over last", columns, cells)


def _diagnosis_tables(found: Diagnosis) -> tuple[Table, ...]:
    levels = max(len(u.outside) for u in found.units)
    units = table(
        f"Dormant potentials, {found.dormant:.1%} in all; without gradient, {found.without_gradient:.1%}",
        ("unit", ">neurons", *(f">outside level {k + 1}" for k in range(levels)), ">dormant", ">without gradient"),
        [
            (u.name, u.neurons, *(f"{x:.1%}" for x in u.outside), f"{u.dormant:.1%}", f"{u.without_gradient:.1%}")
            for u in found.units
        ],
    )
    cells = [(s.name, s.neurons, f"{s.cut:.1%}", f"{s.norm:.3g}") for s in found.sums]
    sums = table("Gradient at the residual sums", ("block", ">neurons", ">cut", ">norm"), cells)
    norms = [(layer.name, f"{layer.norm:.3g}") for layer in found.layers]
    layers = table("Gradient norm by layer", ("layer", ">norm"), norms)
    return (units, sums, layers) if found.sums else (units, layers)
