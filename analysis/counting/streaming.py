"""Counting more samples than fit into memory, and over several processes: records add up before they are counted.

Takes batches of inputs one after the other; keeps the sums of one record, whatever the number of samples.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Protocol

import numpy as np
import torch
from torch import distributed

from snnhw.analysis.counting.count import count
from snnhw.analysis.counting.counts import NetworkCounts
from snnhw.errors import InputError
from snnhw.graph.ir import Array, Graph
from snnhw.simulation.engine import simulate
from snnhw.simulation.frames import check_inputs
from snnhw.simulation.record import Meetings, SpikeRecord, UnitRecord, event_record, unit_record

Run = Callable[[Graph, Array], SpikeRecord]


class RasterBackend(Protocol):
    """A backend that keeps every spike on request."""

    def __call__(self, graph: Graph, inputs: Array, /, *, raster: bool) -> SpikeRecord:
        """Record of `inputs`."""


def count_stream(graph: Graph, batches: Iterable[Array], run: Run = simulate) -> NetworkCounts:
    """Counts over all batches, and over all processes of the default group if `torch.distributed` (Fabric) runs.

    Args:
        graph: folded.
        batches: inputs [B, *shape] or [B, T, *shape], for example from a generator; each process gives its own share.
        run: backend that simulates a batch.

    Raises:
        InputError: there is no batch.
    """
    total: SpikeRecord | None = None
    for batch in batches:
        record = sums_alone(run(graph, batch))
        total = record if total is None else total.merge(record)
    if total is None:
        raise InputError(f"There is no batch to count {graph.name!r} on; give at least one.")
    return count(graph, sum_over_processes(total))


def count_steps(graph: Graph, batches: Iterable[Array], run: RasterBackend = simulate) -> tuple[NetworkCounts, ...]:
    """Counts of every time step; all that is additive sums over the steps to what `count_stream` gives.

    Args:
        graph: folded.
        batches: as in `count_stream`; the raster of one batch at a time is kept.
        run: backend that simulates a batch and can record rasters.

    Raises:
        InputError: there is no batch.
    """
    totals: list[SpikeRecord] = []
    for batch in batches:
        steps = step_records(graph, batch, run(graph, batch, raster=True))
        totals = [a.merge(b) for a, b in zip(totals, steps, strict=True)] if totals else steps
    if not totals:
        raise InputError(f"There is no batch to count {graph.name!r} on; give at least one.")
    return tuple(count(graph, sum_over_processes(total)) for total in totals)


def step_records(graph: Graph, inputs: Array, record: SpikeRecord) -> list[SpikeRecord]:
    """The record of each step alone, of samples that ran with rasters."""
    frames = check_inputs(graph, inputs)
    return [step_record(graph, frames, record, t) for t in range(record.timesteps)]


def step_record(graph: Graph, frames: Array, record: SpikeRecord, t: int) -> SpikeRecord:
    """The record of step `t` alone; frames [B, 1 or T, *shape]."""
    units = {name: unit_record(raster[:, t : t + 1]) for name, raster in record.raster.items()}
    if graph.input.levels is not None:
        arrived = frames[:, t : t + 1] if frames.shape[1] > 1 else frames
        units[graph.input.name] = event_record(arrived, graph.input.levels, 1)
    met = {name: found.at(t) for name, found in record.products.items()}
    return SpikeRecord(record.samples, 1, units, record.logits[:0], stepped=record.stepped, products=met)


def sum_over_processes(record: SpikeRecord) -> SpikeRecord:
    """The record's sums over all processes of the default group; `record` itself where there is one process."""
    if not distributed.is_available() or not distributed.is_initialized() or distributed.get_world_size() == 1:
        return record
    samples = _sum(np.array([record.samples]))
    units = {
        name: UnitRecord(_sum(unit.levels), _sum(unit.graded_spikes), _sum(unit.levels_t))
        for name, unit in sorted(record.units.items())
    }
    met = {name: Meetings(_sum(m.events), _sum(m.synops)) for name, m in sorted(record.products.items())}
    return dataclasses.replace(sums_alone(record), samples=int(samples[0]), units=units, products=met)


def _sum(values: Array) -> Array:
    tensor = torch.as_tensor(np.ascontiguousarray(values, dtype=np.int64))
    distributed.all_reduce(tensor)
    summed: Array = tensor.numpy()
    return summed


def sums_alone(record: SpikeRecord) -> SpikeRecord:
    """Without what grows with the samples: logits, rasters, membranes."""
    return dataclasses.replace(record, logits=record.logits[:0], raster={}, membranes={}, outputs={})
