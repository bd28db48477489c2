"""The training loop, on Lightning Fabric: one process or many, float32 or bfloat16, resumable after every epoch.

A run that is killed and resumed has the curve of one that was not, because an epoch depends on no other's random draws.
Under several processes the batch of a step is `batch` samples of each: n processes give what one gives with a batch n
times as large, up to rounding, except for dropout, whose draws are of each process its own. Only the first process
reads and writes the run folder:
    torchrun --nproc-per-node=4 -m snnhw train cifar10
    torchrun --nnodes=2 --nproc-per-node=4 --rdzv-backend=c10d --rdzv-endpoint=HOST:29500 -m snnhw train cifar10
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from rich.console import Console
from torch import Tensor, nn

from snnhw.gates.text import visible
from snnhw.nn.time import set_timesteps
from snnhw.train.average import Average
from snnhw.train.bar import TrainingBar
from snnhw.train.checkpoint import LAST, PREVIOUS, State, copied, keep_state, latest_state
from snnhw.train.device import captures, fabric_of, fastest_convolutions, placed, steps_of
from snnhw.train.energy import EnergyTerm, multiplier
from snnhw.train.energy_probe import priced_at, probe
from snnhw.train.energy_table import Row, energy_rows, save_energy
from snnhw.train.epoch import (
    ByStep,
    Training,
    energy_by_part,
    epoch_size,
    steps_per_epoch,
    train_epoch,
    validate,
)
from snnhw.train.evaluate import evaluate
from snnhw.train.finish import best_epoch, card_of, with_new_statistics
from snnhw.train.handed import NOTHING, Handed, check_handed, check_teacher
from snnhw.train.levels import (
    DECIDED,
    as_decided_now,
    average_without_gates,
    begin,
    card_arguments,
    decide,
    going_on,
    level_count,
)
from snnhw.train.recipe import Recipe
from snnhw.train.resume import check_origin, origin
from snnhw.train.run import Run, open_folder, save_metrics, save_run, writing
from snnhw.train.schedule import make_optimiser
from snnhw.train.source import Source
from snnhw.train.splits import Splits, check_input, load_splits, network_of
from snnhw.train.tensorboard import ScalarLog

if TYPE_CHECKING:
    from lightning_fabric import Fabric


@dataclass(frozen=True)
class Shown:
    """Where the progress of a run is shown beside its folder."""

    console: Console | None = None  # None: nowhere
    tensorboard: bool = False  # the rows of `metrics.csv` as TensorBoard scalars too


def fit(
    recipe: Recipe,
    out: Path | str,
    data_dir: Path | str | None = None,
    resume: bool = False,
    shown: Shown = Shown(),
    handed: Handed = NOTHING,
) -> Run:
    """Train `recipe` and write the run folder `out`; the test split is measured once, at the end.

    Args:
        recipe: see `load_recipe`.
        out: run folder; what an earlier run left there is replaced unless `resume`.
        data_dir: folder of the data files, by default the one SNNHW_DATA names.
        resume: go on after the last finished epoch in `out`, or start if there is none; with the number of processes
            of before, the curve is that of a run that was not stopped.
        shown: console and TensorBoard.
        handed: what prices the spikes and the trained networks that the recipe names; from `workflows.train`.

    Raises:
        InputError: data, model or recipe cannot be used or do not fit each other, `out` holds a run of another recipe
            or of other data, another process writes it or it cannot be written, or TensorBoard is missing.
        FailedRunError: the loss or a weight became NaN or infinite; `out` keeps the state before that epoch.
    """
    out = Path(out)
    check_handed(recipe, handed)
    splits = load_splits(recipe, data_dir)
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    fabric = fabric_of(recipe)
    torch.manual_seed(recipe.seed)
    raw = network_of(recipe, splits.train)
    check_input(recipe, raw, splits.train)
    if handed.start is not None:
        handed.start.give(raw)
    check_teacher(recipe, handed, splits.train)
    lead = fabric.global_rank == 0
    with writing(out) if lead else nullcontext(), fastest_convolutions():
        state = fabric.broadcast(latest_state(out) if lead and resume else None)
        return _run(Work(fabric, recipe, splits, raw, state, handed), out, shown if lead else Shown())


@dataclass(frozen=True, eq=False)
class Work:
    """A run that can begin, or go on from `state`."""

    fabric: Fabric
    recipe: Recipe
    splits: Splits
    network: nn.Module
    state: State | None
    handed: Handed = NOTHING


def _run(work: Work, out: Path, shown: Shown) -> Run:
    """Train, epoch by epoch, and finish the run folder."""
    fabric, recipe, splits, raw, state = work.fabric, work.recipe, work.splits, work.network, work.state
    where = (recipe, fabric.device, fabric.world_size)
    changed = check_origin(state, recipe, splits, out, work.handed) if state is not None else ""
    decided = begin(recipe, raw, state)
    optimiser = make_optimiser(recipe, placed(raw, recipe, fabric.device), captures(*where))
    lead = fabric.global_rank == 0
    handed = work.handed
    rows: list[Mapping[str, float]] = []
    spent: list[Row] = []  # of energy.csv
    best: dict[str, Tensor] = {}
    notes = handed.notes()
    say = shown.console.print if shown.console is not None else _nothing
    if state is not None:
        state.put_back(raw, optimiser)
        rows, best, notes = state.about["rows"], state.best, state.about.get("notes", [])
        spent = state.about.get("energy", [])
        if changed:
            notes.append(f"resumed after epoch {len(rows)} with {changed}")
        for note in (changed, "" if state.path.name == LAST else f"{LAST} is damaged; going on from {PREVIOUS}"):
            if note:
                say(visible(f"warning: {note}"), markup=False, soft_wrap=True)
    average = Average(raw, recipe.ema, state.average if state else None) if recipe.ema else None
    sizes = [epoch_size(recipe, raw, splits.train, epoch) for epoch in range(recipe.epochs)]
    steps = steps_of(*where, optimiser)
    network, stepped = fabric.setup(ByStep(raw), optimiser)
    teacher = None if handed.teacher is None else placed(handed.teacher.network.eval(), recipe, fabric.device)
    training = Training(fabric, recipe, network, stepped, average, steps, teacher=teacher)
    source = Source(splits.train, fabric.device)
    samples = steps_per_epoch(recipe, splits.train, fabric.world_size) * recipe.batch * fabric.world_size
    if lead:
        open_folder(out, rows)
        save_energy(out, spent)
    with (
        TrainingBar(shown.console, recipe.epochs, len(rows), samples) as bar,
        ScalarLog(out if shown.tensorboard else None, rows) as scalars,
    ):
        for epoch in range(len(rows), recipe.epochs):
            started = time.perf_counter()
            if recipe.gated_epochs == epoch > 0:
                decided = decide(raw, average)
                optimiser = going_on(recipe, raw, optimiser)
                average = average_without_gates(average, raw) if average is not None else None
                network, stepped = fabric.setup(ByStep(raw), optimiser)
                training = replace(training, network=network, optimiser=stepped, average=average)
            set_timesteps(raw, sizes[epoch].timesteps)
            if handed.pricing is not None:
                term = EnergyTerm(raw, priced_at(handed.pricing, raw, splits.train, sizes[epoch].pixels))
                training = replace(training, energy=term, energy_weight=multiplier(recipe, rows))
            row = train_epoch(training, source, epoch, sizes[epoch], bar)
            if steps.note and steps.note not in notes:
                notes.append(steps.note)
                say(visible(f"warning: {steps.note}"), markup=False, soft_wrap=True)
            with average.in_place() if average is not None else nullcontext():
                left = as_decided_now(raw)
                if recipe.gated_epochs:
                    row["levels"] = level_count(left)
                if splits.validation is not None:
                    row |= validate(fabric, left, splits.validation)
                if handed.pricing is not None:
                    probed = probe(handed.pricing, left, splits.validation or splits.train)
                    row |= probed.row
                    spent += energy_rows(epoch + 1, energy_by_part(training), probed.by_term, probed.by_record)
                row["seconds"] = round(time.perf_counter() - started, 3)
                rows.append(row)
                if lead and recipe.keep == "best" and best_epoch(rows, sizes) == epoch:
                    best = copied(raw)
            if lead:
                about = {**origin(recipe, splits, handed), "rows": rows, "notes": notes}
                about |= {"energy": spent} if spent else {}
                about |= {DECIDED: decided} if decided is not None else {}
                keep_state(out, raw, optimiser, about, best, average.values if average else None)
                save_metrics(out, rows)
                save_energy(out, spent)
                scalars.epoch(row)
            bar.epoch(row)
            fabric.barrier()
    if lead and recipe.keep == "best":
        raw.load_state_dict(best)
    elif lead and average is not None:
        raw.load_state_dict(average.values)
    kept = rows[best_epoch(rows, sizes)] if recipe.keep == "best" else rows[-1]
    if recipe.norm_batches:
        kept = {**kept, **with_new_statistics(fabric, recipe, raw, splits)}
    run = None
    if lead:
        tested = evaluate(raw.float(), splits.test, device=fabric.device)
        card = card_of(recipe, raw, splits, rows, kept, tested.accuracy)
        card = replace(card, arguments=card_arguments(card.arguments, decided))
        run = save_run(out, raw, replace(card, note="; ".join(notes)), rows)
    finished: Run = fabric.broadcast(run)
    return finished


def _nothing(*words: object, **options: object) -> None:
    """Say nothing."""
