"""The training step of the recipe `cifar10`: speed and memory, and the CUDA graph against single operators.

The floor is the ReLU network with BatchNorm on the same frames, compiled by torch, with its step as a CUDA graph too.
Plain is the network as the authors' code writes it (`benchmarks/train_step.py`).
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import torch
from gpu.rows import Row, Size
from torch import nn
from train_step import written_plainly

from snnhw.nn import build, relu_twin
from snnhw.train.capture import WARM, Eager
from snnhw.train.device import captures, fabric_of, placed, steps_of
from snnhw.train.epoch import ByStep, Training, train_step
from snnhw.train.recipe import Recipe, load_recipe
from snnhw.train.schedule import make_optimiser, set_rate

T = 4


@dataclass(frozen=True)
class Timed:
    """Steps of a network: median time, peak of the memory, and why they are no CUDA graph."""

    milliseconds: float
    gigabytes: float
    note: str


def training_of(recipe: Recipe, network: nn.Module, graph: bool = True) -> Training:
    """The network as `snnhw train` trains it."""
    fabric = fabric_of(recipe)
    placed(network, recipe, fabric.device)
    graph = graph and captures(recipe, fabric.device, 1)
    module, optimiser = fabric.setup(ByStep(network), make_optimiser(recipe, network, graph))
    without = Eager("no GPU" if fabric.device.type == "cpu" else "not asked for")
    steps = steps_of(recipe, fabric.device, 1, optimiser) if graph else without
    return Training(fabric, recipe, module.train(), optimiser, None, steps)


def timed(training: Training, size: Size, count: int) -> Timed:
    """Steps on one batch of noise."""
    batch = training.recipe.batch
    x, target = torch.randn(batch, 3, 32, 32, device=size.device), torch.randint(10, (batch,), device=size.device)
    set_rate(training.optimiser, 1e-3)
    if size.device == "cuda":
        gc.collect()
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    seconds = []
    for number in range(WARM + 1 + count):
        size.wait()
        started = time.perf_counter()
        training.steps(partial(train_step, training), x, target, 0)
        size.wait()
        if number > WARM:
            seconds.append(time.perf_counter() - started)
    peak = torch.cuda.max_memory_allocated() / 1e9 if size.device == "cuda" else 0.0
    return Timed(1e3 * statistics.median(seconds), peak, training.steps.note)


def steps(size: Size) -> Iterator[Row]:
    """Ours, floor and plain in the same run."""
    recipe = load_recipe("cifar10", size.settings)
    contiguous = load_recipe("cifar10", (*size.settings, "channels_last=false"))

    def network() -> nn.Module:
        return build(recipe.model, **recipe.arguments)

    count = size.of(30, 2)
    floor = relu_twin(network(), timesteps=T)
    if not size.tiny:
        floor.by_step = torch.compile(floor.by_step)
    ours = timed(training_of(recipe, network()), size, count)
    least = timed(training_of(recipe, floor), size, count)
    plain = timed(training_of(contiguous, written_plainly(network()), graph=False), size, size.of(5, 1))
    for name, made in (("ours", ours), ("compiled ReLU floor", least), ("written plainly", plain)):
        said = f"; no graph: {made.note}" if made.note else ""
        yield Row(f"step, {name}", f"{made.milliseconds:.2f} ms, {made.gigabytes:.2f} GB{said}")
    ratio, gain = ours.milliseconds / least.milliseconds, plain.milliseconds / ours.milliseconds
    yield Row("step, ours/floor at most 1.15", f"{ratio:.2f}", size.bar(ratio <= 1.15))
    yield Row("step, plain/ours at least 15", f"{gain:.1f}", size.bar(gain >= 15))
    memory = ours.gigabytes / least.gigabytes if least.gigabytes else 1.0
    yield Row("step, memory ours/floor at most 1", f"{memory:.2f}", size.bar(memory <= 1))
    yield Row("step, ours is a CUDA graph", ours.note or "yes", size.bar(not ours.note))


def played(size: Size) -> Iterator[Row]:
    """Losses of steps as a CUDA graph against those of the same steps, one operator after the other."""
    recipe = load_recipe("cifar10", (*size.settings, "precision=32-true", "batch=16"))
    generator = torch.Generator().manual_seed(0)
    targets = torch.arange(16) % 10
    batches = [torch.randn(16, 3, 32, 32, generator=generator) for _ in range(size.of(12, 5))]
    losses = []
    for graph in (True, False):
        torch.manual_seed(1)
        training = training_of(recipe, build(recipe.model, **recipe.arguments), graph)
        set_rate(training.optimiser, 1e-3)
        step = partial(train_step, training)
        made = [training.steps(step, x.to(size.device), targets.to(size.device), 0)[0] for x in batches]
        losses.append(torch.stack(made).cpu())
    apart = float((losses[0] - losses[1]).abs().max())
    yield Row("step, loss of graph and of single operators within 0.02", f"{apart:.1e}", apart <= 0.02)
