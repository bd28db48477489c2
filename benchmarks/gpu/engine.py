"""Loihi integers of a network of the zoo, in the engine on the device and on the CPU."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
from gpu.rows import Row, Size

import snnhw
from snnhw.quantisation.compile import compile_loihi
from snnhw.simulation.execution import Execution
from snnhw.train.run import load_run
from snnhw.zoo import zoo_path


def engine(size: Size) -> Iterator[Row]:
    """Every count and every logit, and the time of both."""
    name, shape = ("digits", (1, 8, 8)) if size.tiny else ("cifar10", (3, 32, 32))
    module, _ = load_run(zoo_path(name))
    images = np.random.default_rng(0).uniform(0, 1, (size.of(512, 4), *shape)).astype(np.float32)
    graph = compile_loihi(snnhw.model_of(module, shape).graph, images[:16]).graph
    records, seconds = [], []
    for device in (size.device, "cpu"):
        execution = Execution(device=device, batch_size=size.of(128, 2))
        snnhw.simulate_graph(graph, images[: size.of(128, 2)], execution=execution)  # not timed: the first of its kind
        size.wait()
        started = time.perf_counter()
        records.append(snnhw.simulate_graph(graph, images, execution=execution))
        size.wait()
        seconds.append(time.perf_counter() - started)
    there, here = records
    kinds = ("levels", "graded_spikes", "levels_t")
    other = int((there.logits != here.logits).sum())
    for unit, counts in here.units.items():
        other += sum(int((getattr(there.units[unit], kind) != getattr(counts, kind)).sum()) for kind in kinds)
    gain = seconds[1] / seconds[0]
    yield Row(f"engine, {name}, integers other than the CPU's", f"{other}", other == 0)
    yield Row(
        "engine, CPU/device at least 20", f"{gain:.1f} ({len(images) / seconds[0]:.0f} images/s)", size.bar(gain >= 20)
    )
