"""The verb prune: a trained network without the channels that cost most for what they give."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from snnhw.verbs import completing
from snnhw.verbs.early import check_names
from snnhw.verbs.options import Data, Json, Quiet
from snnhw.verbs.terminal import PREPARING, progress_bars, show


def prune(
    model: Annotated[
        str, typer.Argument(help="run folder or zoo name, whose card names its data", autocompletion=completing.models)
    ],
    out_dir: Annotated[Path, typer.Option("--out", "-o", help="run folder to write")],
    energy_left: Annotated[
        float | None, typer.Option("--energy-left", help="share of the energy that may stay, such as 0.7")
    ] = None,
    accuracy_loss: Annotated[
        float | None, typer.Option("--accuracy-loss", help="points of accuracy that held-out samples may lose")
    ] = None,
    profile: Annotated[
        str | None, typer.Option("--profile", help="that prices the channels", autocompletion=completing.profiles)
    ] = None,
    deployment: Annotated[str | None, typer.Option("--deployment", help="how the levels are deployed there")] = None,
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="of --energy-left, each judges anew")] = 5,
    tune: Annotated[int, typer.Option("--finetune", min=0, help="epochs of training after each round")] = 0,
    samples: Annotated[int, typer.Option("--samples", min=1, help="training samples that judge the channels")] = 256,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="key=value of the recipe of --finetune, may be repeated")
    ] = None,
    data: Data = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Remove the channels with the most energy for the least loss; writes a run folder as train does."""
    check_names([model], profiles=[profile] if profile else [], quiet=True)
    with progress_bars(quiet or as_json, PREPARING) as tick:
        from snnhw.verbs.tables.pruning import prune_tables
        from snnhw.workflows.prune import prune as run
        from snnhw.workflows.pruning_target import Target

        way = (profile or "", deployment or "", rounds, tune, samples, tuple(settings or ()))
        made = run(model, out_dir, Target(energy_left, accuracy_loss, *way), data, tick)
    show(made.to_dict(), as_json, *prune_tables(made))
