"""The training loop, on Lightning Fabric: one process or many, float32 or bfloat16, resumable after every epoch.

Everything random in epoch e comes from (seed, e): a run that is killed and resumed has the curve of one that was not.
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
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from torch import Tensor, nn

from snnhw.errors import InputError
from snnhw.nn.models import build
from snnhw.nn.time import set_timesteps
from snnhw.train.augment import augment
from snnhw.train.data import Dataset, load, stratified_split
from snnhw.train.evaluate import evaluate, time_first
from snnhw.train.progress import TrainingProgress
from snnhw.train.recipe import Recipe
from snnhw.train.run import (
    BEST,
    LAST,
    Card,
    Run,
    open_folder,
    read_state,
    save_metrics,
    save_run,
    save_state,
    software_versions,
)
from snnhw.train.schedule import learning_rate, make_optimiser, training_loss, value_from
from snnhw.train.tensorboard import ScalarLog


@dataclass(frozen=True, eq=False)
class Splits:
    """Training samples, those held out of them for validation (perhaps none), and the test split."""

    train: Dataset
    validation: Dataset | None
    test: Dataset
    checksum: str  # of the whole training split


class ByStep(nn.Module):
    """What is trained: a network seen as samples [B, ...] -> logits of every step [T, B, classes]."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        """Logits of every step."""
        logits: Tensor = self.network.by_step(time_first(x))  # type: ignore[operator]
        return logits.unflatten(0, (-1, len(x)))  # type: ignore[no-untyped-call, no-any-return]


def load_splits(recipe: Recipe, data_dir: Path | str | None = None) -> Splits:
    """Data of a recipe.

    Raises:
        InputError: the data set is unknown or its files are absent.
    """
    steps = recipe.arguments.get("timesteps")
    train, test = (load(recipe.data, split, data_dir, steps) for split in ("train", "test"))
    if recipe.validation == 0.0:
        return Splits(train, None, test, train.checksum)
    rest, held_out = stratified_split(train.targets, recipe.validation, recipe.seed)
    return Splits(train.take(rest), train.take(held_out), test, train.checksum)


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
    raw = build(recipe.model, relu=recipe.relu, **_arguments(recipe, splits.train))
    _check_input(recipe, raw, splits.train)
    optimiser = make_optimiser(recipe, raw)
    lead = fabric.global_rank == 0
    state = fabric.broadcast(read_state(out / LAST) if lead and resume and (out / LAST).is_file() else None)
    rows: list[Mapping[str, float]] = []
    if state is not None:
        if state.about["recipe"] != plain(recipe):
            raise InputError(f"{out} holds a run of another recipe; resume with its own or choose another folder.")
        state.put_back(raw, optimiser)
        rows = state.about["rows"]
    sizes = [_size(recipe, raw, splits.train, epoch) for epoch in range(recipe.epochs)]
    network, steps_of = fabric.setup(ByStep(raw), optimiser)
    samples = _steps_per_epoch(recipe, splits.train, fabric.world_size) * recipe.batch * fabric.world_size
    if lead:
        open_folder(out, rows)
    with (
        TrainingProgress(console if lead else None, recipe.epochs, len(rows), samples) as progress,
        ScalarLog(out if lead and tensorboard else None, rows) as scalars,
    ):
        for epoch in range(len(rows), recipe.epochs):
            started = time.perf_counter()
            set_timesteps(raw, sizes[epoch].timesteps)
            row = _train_epoch(fabric, recipe, network, steps_of, splits.train, epoch, sizes[epoch], progress)
            if splits.validation is not None:
                row |= _validate(fabric, raw, splits.validation)
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
            progress.epoch(row)
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


def plain(recipe: Recipe) -> dict[str, Any]:
    """The recipe as JSON gives it back."""
    values: dict[str, Any] = json.loads(json.dumps(recipe.to_dict()))
    return values


@dataclass(frozen=True)
class _Size:
    """How much of a sample an epoch trains on; early epochs may take less of it, at less cost."""

    timesteps: int
    pixels: int


def _size(recipe: Recipe, network: nn.Module, data: Dataset, epoch: int) -> _Size:
    """Size of an epoch; the last one always takes the network's own time steps and the data's own pixels.

    Raises:
        InputError: the recipe changes the number of steps of data that have their own.
    """
    own = _Size(int(network.get_submodule("readout").timesteps), data.inputs.shape[-1])  # type: ignore[arg-type]
    if recipe.timesteps_from and data.inputs.ndim != 4:
        raise InputError(
            f"Recipe {recipe.name!r} has timesteps_from and {data.name} has its own steps; remove the key."
        )
    if epoch == recipe.epochs - 1:
        return own
    return _Size(
        value_from(recipe.timesteps_from, epoch, own.timesteps), value_from(recipe.pixels_from, epoch, own.pixels)
    )


def _best(rows: list[Mapping[str, float]], sizes: list[_Size]) -> int:
    """Index of the best row, the later of equals, among the epochs of full size; -1 if there is none yet."""
    full = [epoch for epoch in range(len(rows)) if sizes[epoch] == sizes[-1]]
    return max(full, key=lambda epoch: (_score(rows[epoch]), epoch), default=-1)


def _fabric(recipe: Recipe) -> Any:
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


def _arguments(recipe: Recipe, data: Dataset) -> dict[str, Any]:
    """Arguments of the model, with channels and classes of the data where the recipe does not say.

    Raises:
        InputError: the recipe gives the network fewer classes than the data have.
    """
    arguments = {"in_channels": data.inputs.shape[-3], "classes": data.classes, **recipe.arguments}
    if arguments["classes"] < data.classes:
        raise InputError(
            f"Recipe {recipe.name!r} has {arguments['classes']} classes and {data.name} {data.classes}; remove the key."
        )
    return arguments


def _check_input(recipe: Recipe, network: nn.Module, data: Dataset) -> None:
    """Let the network see one sample.

    Raises:
        InputError: it cannot take inputs of this shape.
    """
    x = torch.from_numpy(data.inputs[:1])
    try:
        with torch.no_grad():
            network.eval()(time_first(x))
    except RuntimeError as error:
        raise InputError(
            f"Model {recipe.model!r} cannot take inputs {list(x.shape[1:])} of {data.name} ({error}); choose another."
        ) from error


def _steps_per_epoch(recipe: Recipe, data: Dataset, processes: int) -> int:
    steps = len(data) // (recipe.batch * processes)
    if steps == 0:
        raise InputError(
            f"Recipe {recipe.name!r} wants {recipe.batch} samples of each of {processes} processes and {data.name} has "
            f"{len(data)}; set a smaller batch."
        )
    return steps


def _train_epoch(
    fabric: Any,
    recipe: Recipe,
    network: Any,
    optimiser: Any,
    data: Dataset,
    epoch: int,
    size: _Size,
    progress: TrainingProgress,
) -> dict[str, float]:
    network.train()
    torch.manual_seed(_epoch_seed(recipe, epoch) + (fabric.global_rank << 32))  # of dropout
    steps = _steps_per_epoch(recipe, data, fabric.world_size)
    sums = torch.zeros(3, dtype=torch.float64, device=fabric.device)  # loss, correct, samples
    rate = 0.0
    for step, (x, target) in enumerate(_batches(fabric, recipe, data, epoch, steps)):
        x = _resize(x, size.pixels)
        rate = learning_rate(recipe, epoch, (step + 1) / steps)
        for group in optimiser.param_groups:
            group["lr"] = rate
        loss, correct = train_step(fabric, recipe, network, optimiser, x, target)
        sums += torch.stack([loss * len(x), correct, correct.new_tensor(len(x))]).double()
        progress.batch(len(x) * fabric.world_size)
    loss_sum, correct, samples = fabric.all_reduce(sums, reduce_op="sum").tolist()
    return {
        "epoch": epoch + 1,
        "lr": rate,
        "train_loss": loss_sum / samples,
        "train_accuracy": correct / samples,
    }


def train_step(
    fabric: Any, recipe: Recipe, network: Any, optimiser: Any, x: Tensor, target: Tensor
) -> tuple[Tensor, Tensor]:
    """One step of the optimiser on samples x [B, ...] and targets [B]; the loss and the number of hits.

    The batch is cut into `accumulate` pieces whose gradients add up; norms see the statistics of a piece.
    """
    total, correct = torch.zeros((), device=x.device), torch.zeros((), device=x.device)
    pieces = list(zip(x.chunk(recipe.accumulate), target.chunk(recipe.accumulate), strict=True))
    for index, (part, wanted) in enumerate(pieces):
        with fabric.no_backward_sync(network, enabled=index + 1 < len(pieces)):
            by_step = network(part)
            loss = training_loss(recipe, by_step, wanted) * (len(part) / len(x))
            fabric.backward(loss)
        total = total + loss.detach()
        correct = correct + (by_step.detach().mean(0).argmax(1) == wanted).sum()
    optimiser.step()
    optimiser.zero_grad()
    return total, correct


def _batches(fabric: Any, recipe: Recipe, data: Dataset, epoch: int, steps: int) -> Iterator[tuple[Tensor, Tensor]]:
    """This process's part of every batch of the epoch; the augmentation is drawn for the whole batch.

    The part consists of equal parts of the pieces into which one process would cut the whole batch.
    """
    generator = torch.Generator().manual_seed(_epoch_seed(recipe, epoch))
    order = torch.randperm(len(data), generator=generator).numpy()
    whole = recipe.batch * fabric.world_size
    places = torch.arange(whole).view(recipe.accumulate, fabric.world_size, recipe.batch // recipe.accumulate)
    mine = places[:, fabric.global_rank].flatten()
    for step in range(steps):
        index = order[step * whole : (step + 1) * whole]
        x = augment(torch.from_numpy(data.inputs[index]), recipe.augment, generator)
        target = torch.from_numpy(data.targets[index])
        yield x[mine].to(fabric.device), target[mine].to(fabric.device)


def _resize(x: Tensor, pixels: int) -> Tensor:
    """Images [B, C, H, W] or [B, T, C, H, W] with their width and height scaled alike."""
    if x.shape[-1] == pixels:
        return x
    frames = x.reshape(-1, *x.shape[-3:])
    height = max(1, round(x.shape[-2] * pixels / x.shape[-1]))
    frames = nn.functional.interpolate(frames, (height, pixels), mode="bilinear", antialias=True, align_corners=False)
    return frames.reshape(*x.shape[:-2], height, pixels)


def _validate(fabric: Any, network: nn.Module, data: Dataset) -> dict[str, float]:
    part = data.take(np.arange(fabric.global_rank, len(data), fabric.world_size))
    with fabric.autocast():
        result = evaluate(network, part, device=fabric.device)
    sums = torch.tensor([result.loss * result.samples, result.correct, result.samples], dtype=torch.float64)
    loss, correct, samples = fabric.all_reduce(sums.to(fabric.device), reduce_op="sum").tolist()
    return {"validation_loss": loss / samples, "validation_accuracy": correct / samples}


def _score(row: Mapping[str, float]) -> tuple[float, float]:
    """Better rows score higher: accuracy, then loss, on the held-out share if there is one."""
    kind = "validation" if "validation_accuracy" in row else "train"
    return row[f"{kind}_accuracy"], -row[f"{kind}_loss"]


def _epoch_seed(recipe: Recipe, epoch: int) -> int:
    return recipe.seed * 1_000_003 + epoch


def _card(
    recipe: Recipe,
    network: nn.Module,
    splits: Splits,
    rows: list[Mapping[str, float]],
    kept: Mapping[str, float],
    accuracy: float,
) -> Card:
    inputs = splits.train.inputs
    return Card(
        model=recipe.model,
        arguments=_arguments(recipe, splits.train),
        relu=recipe.relu,
        parameters=sum(p.numel() for p in network.parameters()),
        input_shape=tuple(inputs.shape[-3:]),
        timesteps=int(network.get_submodule("readout").timesteps),  # type: ignore[arg-type]
        classes=splits.train.classes,
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
