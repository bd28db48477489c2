"""One epoch on Lightning Fabric: the batches of this process, the steps of the optimiser, and the held-out samples.

Everything random in epoch e comes from (seed, e), whatever came before.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from snnhw.data.samples import Samples
from snnhw.errors import InputError
from snnhw.nn.level_gates import draw_gates, gates_of
from snnhw.nn.packing import packed_spikes
from snnhw.nn.time import STATIC, set_timesteps, time_first
from snnhw.train.average import Average
from snnhw.train.bar import TrainingBar
from snnhw.train.capture import Eager, Steps
from snnhw.train.diverged import Losses, check_weights
from snnhw.train.energy import EnergyTerm
from snnhw.train.energy_table import Part
from snnhw.train.evaluate import evaluate
from snnhw.train.recipe import Recipe
from snnhw.train.resize import resized
from snnhw.train.schedule import learning_rate, set_rate, taught_loss, training_loss, value_from
from snnhw.train.source import Place, Source

if TYPE_CHECKING:
    from lightning_fabric import Fabric


class ByStep(nn.Module):
    """A network as training sees it: samples [B, ...] -> logits of every step [T, B, classes]."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        """Logits of every step."""
        logits: Tensor = self.network.by_step(time_first(x))  # type: ignore[operator]
        return logits.unflatten(0, (-1, len(x)))  # type: ignore[no-untyped-call, no-any-return]


@dataclass(frozen=True, eq=False)
class Training:
    """A recipe at work: the network and its optimiser as Fabric wraps them."""

    fabric: Fabric
    recipe: Recipe
    network: nn.Module  # a `ByStep`
    optimiser: torch.optim.Optimizer
    average: Average | None = None  # of the weights, where the recipe has `ema`
    steps: Steps = field(default_factory=Eager)
    energy: EnergyTerm | None = None  # where the recipe has `energy_weight`
    energy_weight: float = 0.0  # of the term in this epoch
    teacher: nn.Module | None = None  # in evaluation mode, where the recipe has `teacher`


@dataclass(frozen=True)
class EpochSize:
    """How much of a sample an epoch trains on; early epochs may take less of it, at less cost."""

    timesteps: int
    pixels: int
    gated: bool = False  # levels have gates


def epoch_size(recipe: Recipe, network: nn.Module, data: Samples, epoch: int) -> EpochSize:
    """Size of an epoch; the last one always takes the network's own time steps and the data's own pixels.

    Raises:
        InputError: the recipe changes the number of steps of data that have their own.
    """
    own = EpochSize(int(network.get_submodule("readout").timesteps), data.values.shape[-1])  # type: ignore[arg-type]
    if recipe.timesteps_from and data.values.ndim != 4:
        raise InputError(
            f"Recipe {recipe.name!r} has timesteps_from and {data.name} has its own steps; remove the key."
        )
    if epoch == recipe.epochs - 1:
        return own
    return EpochSize(
        value_from(recipe.timesteps_from, epoch, own.timesteps),
        value_from(recipe.pixels_from, epoch, own.pixels),
        epoch < recipe.gated_epochs,
    )


def steps_per_epoch(recipe: Recipe, data: Samples, processes: int) -> int:
    """Steps of an epoch: those of the recipe, else what the samples fill, without a rest smaller than a batch.

    Raises:
        InputError: the data do not fill one batch, and the recipe has no `epoch_steps`.
    """
    if recipe.epoch_steps:
        return recipe.epoch_steps
    steps = len(data) // (recipe.batch * processes)
    if steps == 0:
        raise InputError(
            f"Recipe {recipe.name!r} wants {recipe.batch} samples of each of {processes} processes and {data.name} has "
            f"{len(data)}; set a smaller batch."
        )
    return steps


def train_epoch(training: Training, source: Source, epoch: int, size: EpochSize, bar: TrainingBar) -> dict[str, float]:
    """Train on every batch of epoch `epoch`; its row of `metrics.csv`, means over all processes.

    Raises:
        InputError: the data do not fill one batch.
        FailedRunError: the loss or a weight became NaN or infinite.
    """
    fabric, recipe, average = training.fabric, training.recipe, training.average
    training.network.train()
    torch.manual_seed(_epoch_seed(recipe, epoch) + (fabric.global_rank << 32))  # of dropout
    steps = steps_per_epoch(recipe, source.data, fabric.world_size)
    place = Place(fabric.global_rank, fabric.world_size)
    sums = torch.zeros(2, dtype=torch.float64, device=fabric.device)  # loss, correct
    rate = 0.0
    losses = Losses(fabric, epoch)
    lasting = _lasting(recipe, epoch, size, steps)
    gates, drawing = gates_of(training.network), torch.Generator().manual_seed(_epoch_seed(recipe, epoch))
    with training.energy.listening() if training.energy is not None else nullcontext():
        for step, (x, target) in enumerate(source.batches(recipe, _epoch_seed(recipe, epoch), steps, place)):
            rate = learning_rate(recipe, epoch, (step + 1) / steps)
            set_rate(training.optimiser, rate)
            draw_gates(gates, drawing)  # the same in all processes
            if average is not None:
                average.begin(epoch * steps + step)
            x, now = resized(x, size.pixels), replace(size, timesteps=lasting[step])
            if recipe.any_timesteps:
                set_timesteps(training.network, now.timesteps)
                x = x if x.dim() in STATIC else x[:, : now.timesteps]
            loss, correct = training.steps(partial(train_step, training), x, target, now)
            losses.add(loss, last=step + 1 == steps)
            sums += torch.stack([loss * len(x), correct]).double()
            bar.batch(len(x) * fabric.world_size)
    set_timesteps(training.network, size.timesteps)
    check_weights(training.network, epoch)
    loss_sum, correct_sum = fabric.all_reduce(sums, reduce_op="sum").tolist()
    samples = steps * recipe.batch * fabric.world_size
    return {
        "epoch": epoch + 1,
        "lr": rate,
        "train_loss": loss_sum / samples,
        "train_accuracy": correct_sum / samples,
        **_energy(training),
    }


def _energy(training: Training) -> dict[str, float]:
    """The weight of the energy in this epoch, and the mean of the energy over its samples and all processes."""
    term = training.energy
    if term is None:
        return {}
    spent = torch.stack([term.seen, torch.full_like(term.seen, term.samples)])
    total, samples = training.fabric.all_reduce(spent, reduce_op="sum").tolist()
    return {"energy_weight": training.energy_weight, "train_energy_pj": total / samples}


def energy_by_part(training: Training) -> dict[Part, float]:
    """pJ per sample of each part of the energy of this epoch, over all processes; the sum is `train_energy_pj`."""
    term = training.energy
    assert term is not None
    spent = torch.cat([term.seen_parts, torch.full_like(term.seen_parts[:1], term.samples)])
    *parts, samples = training.fabric.all_reduce(spent, reduce_op="sum").tolist()
    return {part: total / samples for part, total in zip(term.parts, parts, strict=True)}


def _lasting(recipe: Recipe, epoch: int, size: EpochSize, steps: int) -> list[int]:
    """T of every step of the optimiser, the same in all processes."""
    if not recipe.any_timesteps:
        return [size.timesteps] * steps
    drawn = np.random.default_rng(_epoch_seed(recipe, epoch)).integers(1, size.timesteps + 1, steps)
    return [int(n) for n in drawn]


def train_step(training: Training, x: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """One step of the optimiser on samples x [B, ...] and targets [B]; the loss and the number of hits.

    The batch is cut into `accumulate` pieces whose gradients add up; norms see the statistics of a piece.
    """
    fabric, recipe, network = training.fabric, training.recipe, training.network
    total, correct = torch.zeros((), device=x.device), torch.zeros((), device=x.device)
    pieces = list(zip(x.chunk(recipe.accumulate), target.chunk(recipe.accumulate), strict=True))
    for index, (part, wanted) in enumerate(pieces):
        with fabric.no_backward_sync(network, enabled=index + 1 < len(pieces)):
            with packed_spikes() if recipe.packed_spikes else nullcontext():
                by_step = network(part)
                loss = _loss(training, by_step, part, wanted)
                if training.energy is not None:
                    term = training.energy
                    loss = loss + training.energy_weight / term.prices.full * term.taken(part).to(loss.dtype)
                loss = loss * (len(part) / len(x))
            fabric.backward(loss)
        total = total + loss.detach()
        correct = correct + (by_step.detach().mean(0).argmax(1) == wanted).sum()
    training.optimiser.step()
    training.optimiser.zero_grad()
    if training.average is not None:
        training.average.update()
    return total, correct


def _loss(training: Training, by_step: Tensor, part: Tensor, wanted: Tensor) -> Tensor:
    """The loss of a piece `part` of a batch, without its energy."""
    teacher = training.teacher
    if teacher is None:
        return training_loss(training.recipe, by_step, wanted)
    with torch.no_grad(), training.fabric.autocast():
        taught = teacher(time_first(part)).to(by_step.dtype)
    return taught_loss(training.recipe, by_step, wanted, taught)


def validate(fabric: Fabric, network: nn.Module, data: Samples) -> dict[str, float]:
    """Loss and accuracy on `data`, of which each process takes its share."""
    part = data.take(np.arange(fabric.global_rank, len(data), fabric.world_size))
    with fabric.autocast():
        result = evaluate(network, part, device=fabric.device)
    sums = torch.tensor([result.loss * result.samples, result.correct, result.samples], dtype=torch.float64)
    loss, correct, samples = fabric.all_reduce(sums.to(fabric.device), reduce_op="sum").tolist()
    return {"validation_loss": loss / samples, "validation_accuracy": correct / samples}


def _epoch_seed(recipe: Recipe, epoch: int) -> int:
    return recipe.seed * 1_000_003 + epoch
