"""The training loop, on Lightning Fabric: one process or many, float32 or bfloat16, resumable after every epoch.

A run that is killed and resumed has the curve of one that was not, because an epoch depends on no other's random draws.
Under several processes the batch of a step is `batch` samples of each: n processes give what one gives with a batch n
times as large, up to rounding, except for dropout, whose draws are of each process its own. Only the first process
reads and writes the run folder:
    torchrun --nproc-per-node=4 -m snnhw train cifar10
    torchrun --nnodes=2 --nproc-per-node=4 --rdzv-backend=c10d --rdzv-endpoint=HOST:29500 -m snnhw train cifar10
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from rich.console import Console
from torch import nn

from snnhw.errors import InputError
from snnhw.nn.models import build
from snnhw.nn.time import set_timesteps
from snnhw.train.bar import TrainingBar
from snnhw.train.card import Card
from snnhw.train.epoch import ByStep, EpochSize, Training, epoch_size, steps_per_epoch, train_epoch, validate
from snnhw.train.evaluate import evaluate
from snnhw.train.recipe import Recipe, recipe_from
from snnhw.train.run import (
    BEST,
    LAST,
    Run,
    open_folder,
    read_state,
    save_metrics,
    save_run,
    save_state,
    software_versions,
)
from snnhw.train.schedule import make_optimiser
from snnhw.train.splits import Splits, check_input, load_splits, model_arguments
from snnhw.train.tensorboard import ScalarLog

if TYPE_CHECKING:
    from lightning_fabric import Fabric


def fit(
    recipe: Recipe,
    out: Path | str,
    data_dir: Path | str | None = None,
    resume: bool = False,
    console: Console | None = None,
    tensorboard: bool = False,
) -> Run:
    """Train `recipe` and write the run folder `out`; the test split is measured once, at the end.

    Args:
        recipe: see `load_recipe`.
        out: run folder; what an earlier run left there is replaced unless `resume`.
        data_dir: folder of the data files, by default the one SNNHW_DATA names.
        resume: go on after the last finished epoch in `out`, or start if there is none; with the number of processes
            of before, the curve is that of a run that was not stopped.
        console: where progress is shown; None shows nothing.
        tensorboard: write the rows of `metrics.csv` as TensorBoard scalars too.

    Raises:
        InputError: data, model or recipe cannot be used or do not fit each other, `out` holds another recipe's run or
            cannot be written, or TensorBoard is missing.
    """
    out = Path(out)
    splits = load_splits(recipe, data_dir)
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    fabric = _fabric(recipe)
    torch.manual_seed(recipe.seed)
    raw = build(recipe.model, relu=recipe.relu, **model_arguments(recipe, splits.train))
    check_input(recipe, raw, splits.train)
    optimiser = make_optimiser(recipe, raw)
    lead = fabric.global_rank == 0
    state = fabric.broadcast(read_state(out / LAST) if lead and resume and (out / LAST).is_file() else None)
    rows: list[Mapping[str, float]] = []
    if state is not None:
        before = recipe_from(state.about["recipe"], str(out / LAST))  # keys that are newer than the run: the defaults
        if plain(before) != plain(recipe):
            raise InputError(f"{out} holds a run of another recipe; resume with its own or choose another folder.")
        state.put_back(raw, optimiser)
        rows = state.about["rows"]
    sizes = [epoch_size(recipe, raw, splits.train, epoch) for epoch in range(recipe.epochs)]
    training = Training(fabric, recipe, *fabric.setup(ByStep(raw), optimiser))
    samples = steps_per_epoch(recipe, splits.train, fabric.world_size) * recipe.batch * fabric.world_size
    if lead:
        open_folder(out, rows)
    with (
        TrainingBar(console if lead else None, recipe.epochs, len(rows), samples) as bar,
        ScalarLog(out if lead and tensorboard else None, rows) as scalars,
    ):
        for epoch in range(len(rows), recipe.epochs):
            started = time.perf_counter()
            set_timesteps(raw, sizes[epoch].timesteps)
            row = train_epoch(training, splits.train, epoch, sizes[epoch], bar)
            if splits.validation is not None:
                row |= validate(fabric, raw, splits.validation)
            row["seconds"] = round(time.perf_counter() - started, 3)
            rows.append(row)
            best = _best(rows, sizes) == epoch
            if lead:
                about = {"recipe": plain(recipe), "rows": rows}
                if best:
                    save_state(out / BEST, raw, None, about)
                save_state(out / LAST, raw, optimiser, about)
                save_metrics(out, rows)
                scalars.epoch(row)
            bar.epoch(row)
            fabric.barrier()
    run = None
    if lead:
        if recipe.keep == "best":
            read_state(out / BEST).put_back(raw)
        tested = evaluate(raw.float(), splits.test, device=fabric.device)
        kept = rows[_best(rows, sizes)] if recipe.keep == "best" else rows[-1]
        run = save_run(out, raw, _card(recipe, raw, splits, rows, kept, tested.accuracy), rows)
    finished: Run = fabric.broadcast(run)
    return finished


def plain(recipe: Recipe) -> dict[str, object]:
    """The recipe in plain values, as JSON reads them back."""
    values: dict[str, object] = json.loads(json.dumps(recipe.to_dict()))
    return values


def _best(rows: list[Mapping[str, float]], sizes: list[EpochSize]) -> int:
    """Index of the best row, the later of equals, among the epochs of full size; -1 if there is none yet."""
    full = [epoch for epoch in range(len(rows)) if sizes[epoch] == sizes[-1]]
    return max(full, key=lambda epoch: (_score(rows[epoch]), epoch), default=-1)


def _score(row: Mapping[str, float]) -> tuple[float, float]:
    """Better rows score higher: accuracy, then loss, on the held-out share if there is one."""
    kind = "validation" if "validation_accuracy" in row else "train"
    return row[f"{kind}_accuracy"], -row[f"{kind}_loss"]


def _fabric(recipe: Recipe) -> Fabric:
    """Fabric for the processes torchrun started, or for this one alone."""
    from lightning_fabric import Fabric

    here, everywhere = (int(os.environ.get(name, "1")) for name in ("LOCAL_WORLD_SIZE", "WORLD_SIZE"))
    fabric = Fabric(
        accelerator="cuda" if torch.cuda.is_available() else "cpu",
        devices=here,
        num_nodes=everywhere // here,
        strategy="ddp" if everywhere > 1 else "auto",
        precision=recipe.precision,
    )
    fabric.launch()
    return fabric


def _card(
    recipe: Recipe,
    network: nn.Module,
    splits: Splits,
    rows: list[Mapping[str, float]],
    kept: Mapping[str, float],
    accuracy: float,
) -> Card:
    return Card(
        model=recipe.model,
        arguments=model_arguments(recipe, splits.train),
        relu=recipe.relu,
        parameters=sum(p.numel() for p in network.parameters()),
        input_shape=tuple(splits.train.values.shape[-3:]),
        timesteps=int(network.get_submodule("readout").timesteps),  # type: ignore[arg-type]
        classes=splits.train.class_count(),
        data=recipe.data,
        data_checksum=splits.checksum,
        test_checksum=splits.test.checksum,
        accuracy=accuracy,
        validation_accuracy=kept.get("validation_accuracy"),
        seed=recipe.seed,
        seconds=round(sum(row["seconds"] for row in rows), 1),
        command=f"snnhw train {recipe.name}",
        recipe=asdict(recipe),
        versions=software_versions(),
    )
