"""The recipe `cifar10` through `snnhw.train.fit`: whole, or some epochs of it, stopped and resumed as well."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from unittest import mock

import numpy as np
from gpu.rows import Row, Size
from rich.console import Console

from snnhw.train import fit as loop
from snnhw.train.recipe import load_recipe

EPOCHS, BEST, MINUTES = 78, 0.955, 8.0  # of the whole recipe


def made_up(folder: Path, size: Size) -> Path:
    """Files in the format of CIFAR-10 whose classes are colours and stripes under noise."""
    random = np.random.default_rng(0)
    (folder / "cifar-10-batches-bin").mkdir()
    for name in (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"):
        labels = np.arange(size.of(2000, 10)) % 10
        rows = np.sin(np.arange(32) * (1 + labels[:, None]) / 3)[:, None, :, None]  # [N, 1, 32, 1]
        colour = np.cos(labels[:, None] * [1, 2, 3])[:, :, None, None]
        images = 128 + 40 * rows + 40 * colour + random.normal(0, 30, (len(labels), 3, 32, 32))
        pixels = images.clip(0, 255).astype(np.uint8).reshape(len(labels), -1)
        np.concatenate([labels[:, None].astype(np.uint8), pixels], 1).tofile(
            folder / f"cifar-10-batches-bin/{name}.bin"
        )
    return folder


def training(size: Size, data: Path, out: Path, epochs: int) -> Iterator[Row]:
    """Epochs of the recipe on the data in a folder."""
    recipe = load_recipe("cifar10", (*size.settings, f"epochs={epochs}"))
    started = time.perf_counter()
    run = loop.fit(recipe, out, data, shown=loop.Shown(Console(stderr=True)))
    minutes = (time.perf_counter() - started) / 60
    losses = [row["train_loss"] for row in run.metrics]
    each = run.metrics[-1]["seconds"]
    card = run.card
    yield Row(f"training, {epochs} epochs", f"{minutes:.1f} min, {each:.1f} s an epoch at the end")
    yield Row("training, the loss falls", f"{losses[0]:.3f} to {losses[-1]:.3f}", losses[-1] < losses[0])
    yield Row(
        "training, steps are a CUDA graph", card.note or ("no GPU" if size.tiny else "yes"), size.bar(not card.note)
    )
    if epochs == EPOCHS:
        yield Row(f"training, accuracy at least {BEST}", f"{card.accuracy:.4f}", size.bar(card.accuracy >= BEST))
        yield Row(f"training, at most {MINUTES} minutes", f"{minutes:.1f}", size.bar(minutes <= MINUTES))
    else:
        yield Row("training, accuracy", f"{card.accuracy:.4f}")


def resumed(size: Size, data: Path, out: Path) -> Iterator[Row]:
    """Two epochs, and two that are stopped after the first: on a GPU they agree up to rounding."""
    recipe = load_recipe("cifar10", (*size.settings, "epochs=2", "warmup=1.0"))
    whole = loop.fit(recipe, out / "whole", data)
    stop = mock.patch.object(loop, "save_metrics", side_effect=KeyboardInterrupt)  # the state of epoch 1 is written
    with suppress(KeyboardInterrupt), stop:
        loop.fit(recipe, out / "stopped", data)
    again = loop.fit(recipe, out / "stopped", data, resume=True)
    pair = [run.metrics[-1]["train_loss"] for run in (whole, again)]
    close = abs(pair[0] - pair[1]) <= 0.05 * pair[0]
    yield Row("training, resumed within 5 % of one that was not stopped", f"{pair[1]:.4f}, {pair[0]:.4f}", close)
