"""Streams samples through an assembled network and adds up the spikes, in memory that does not grow with the samples.

Every population writes its packed spikes into a shared ring of sample slots; after each run of a few samples the
finished ones are added up and their slots are free again. Results are in torch's order, (C, H, W).
"""

from __future__ import annotations

import mmap
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from .assemble import Records, assemble, run_configuration
from .network import NEURONS, Array, LavaNetwork, Process, Unit

RING_BYTES = 256 * 2**20  # of spikes and membranes that wait to be added up
SAMPLES_PER_RUN = 8


@dataclass(frozen=True)
class Options:
    """How a network is run and what is kept."""

    stock_conv: bool = False
    raster: bool = False
    membranes: bool = False


@dataclass
class Totals:
    """What is added up sample by sample; arrays by the names under which they are saved."""

    arrays: dict[str, Array] = field(default_factory=dict)
    rows: dict[str, list[Array]] = field(default_factory=dict)  # per sample: logits, rasters, membranes

    def add(self, name: str, value: Array) -> None:
        """Add `value` to the sum `name`."""
        if name in self.arrays:
            self.arrays[name] += value
        else:
            self.arrays[name] = value

    def append(self, name: str, value: Array) -> None:
        """Add a row to `name`."""
        self.rows.setdefault(name, []).append(value)

    def result(self) -> dict[str, Array]:
        """All arrays."""
        return {**self.arrays, **{name: np.stack(rows) for name, rows in self.rows.items()}}


def run_network(
    network: LavaNetwork,
    frames: Array,
    options: Options,
    progress: Callable[[int, int], None],
) -> dict[str, Array]:
    """Run all samples.

    Args:
        network: what to run.
        frames: [N, 1 or T, *source shape] in Lava's order; int32 for an integer network, else float64.
        options: convolution model and what to keep.
        progress: called with samples finished and samples in all, first with 0 when the processes have started.

    Returns:
        logits [N, classes]; per unit levels/ [K, *shape], events/ [*shape], levels_t/ [K, T], all int64, and on request
        raster_bits/ uint8 [N, T, K, bytes] (packed in Lava's order) and membranes/ [N, T, K, *shape].
    """
    from lava.magma.core.run_conditions import RunSteps

    samples, steps = len(frames), network.timesteps
    waiting = -(-network.depth // steps) + 1  # samples that are in the pipeline at once
    per_run = _samples_per_run(network, options, samples, waiting)
    slots = min(samples, per_run + waiting)
    records = _shared_records(network, samples, slots, options.membranes)
    lava = assemble(network, frames=frames, records=records).any_process
    configuration = run_configuration(network.integer, options.stock_conv)
    lava.run(condition=RunSteps(num_steps=1), run_cfg=configuration)  # compiles the network and starts the processes
    progress(0, samples)
    totals, finished, run_so_far = Totals(), 0, 1
    while finished < samples:
        until = min(samples, finished + per_run) * steps + network.depth
        if until > run_so_far:
            lava.run(condition=RunSteps(num_steps=until - run_so_far), run_cfg=configuration)
        run_so_far = until
        complete = min(samples, finished + per_run)
        for sample in range(finished, complete):
            _add_up(network, records, sample % slots, options, totals)
        finished = complete
        progress(finished, samples)
    return totals.result()


def to_torch_order(x: Array) -> Array:
    """(..., W, H, C) as (..., C, H, W)."""
    return np.ascontiguousarray(np.moveaxis(x, (-3, -2, -1), (-1, -2, -3)))


def _samples_per_run(network: LavaNetwork, options: Options, samples: int, waiting: int) -> int:
    neurons = sum(int(np.prod(p.shape)) for p in network.processes if p.kind in NEURONS)
    per_sample = network.timesteps * neurons * (8 if options.membranes else 0.125)
    return int(max(1, min(samples, SAMPLES_PER_RUN, RING_BYTES // max(1, per_sample) - waiting)))


def _shared_records(network: LavaNetwork, samples: int, slots: int, membranes: bool) -> Records:
    populations = {p.name: int(np.prod(p.shape)) for p in network.processes if p.kind in NEURONS}
    number: npt.DTypeLike = np.int64 if network.integer else np.float64
    ring = (slots, network.timesteps)
    return Records(
        samples=samples,
        spikes={name: _shared((*ring, -(-size // 8)), np.uint8) for name, size in populations.items()},
        membranes={name: _shared((*ring, size), number) for name, size in populations.items()} if membranes else {},
        readout=_shared((*ring, *network.sink.shape), number),
    )


def _shared(shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
    """Zeros that forked children write to for us to read."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    return np.frombuffer(mmap.mmap(-1, max(size, 1)), dtype=dtype, count=int(np.prod(shape))).reshape(shape)


def _add_up(network: LavaNetwork, records: Records, slot: int, options: Options, totals: Totals) -> None:
    shapes = {p.name: p.shape for p in network.processes if p.kind in NEURONS}
    for unit in network.units:
        bits = np.stack([records.spikes[name][slot] for name in unit.populations], axis=1)  # [T, K, bytes]
        shape = shapes[unit.populations[0]]
        _add_unit(unit, bits, shape, totals)
        if options.raster:
            totals.append(f"raster_bits/{unit.name}", bits)
        if options.membranes:
            values = np.stack([records.membranes[name][slot] for name in unit.populations], axis=1)
            totals.append(f"membranes/{unit.name}", _ordered(values, shape))
    totals.append("logits", _logits(network, network.sink, np.asarray(records.readout)[slot]))


def _add_unit(unit: Unit, bits: Array, shape: tuple[int, ...], totals: Totals) -> None:
    size = int(np.prod(shape))
    spikes = np.unpackbits(bits, axis=-1, count=size)  # [T, K, size]
    fired = np.unpackbits(np.bitwise_or.reduce(bits, axis=1), axis=-1, count=size)  # [T, size]
    totals.add(f"levels/{unit.name}", _ordered(spikes.sum(axis=0, dtype=np.int64), shape))
    totals.add(f"events/{unit.name}", _ordered(fired.sum(axis=0, dtype=np.int64), shape))
    totals.add(f"levels_t/{unit.name}", spikes.sum(axis=-1, dtype=np.int64).T)


def _logits(network: LavaNetwork, sink: Process, arrived: Array) -> Array:
    """Logits of the read-out's shape in torch's order, of what arrived [T, *sink.shape] in Lava's."""
    total: Array = _ordered(arrived.sum(axis=0).reshape(-1), sink.shape)
    total = total.reshape(sink.params.get("shape", total.shape))
    if "bias" in sink.arrays:
        total = total + network.timesteps * network.arrays[sink.arrays["bias"]]
    if network.reduction == "mean":
        total = total / network.timesteps
    return total


def _ordered(flat: Array, shape: tuple[int, ...]) -> Array:
    """[..., size] as [..., *shape], spatial shapes in torch's order."""
    x: Array = flat.reshape(*flat.shape[:-1], *shape)
    if len(shape) == 3:
        x = to_torch_order(x)
    return x
