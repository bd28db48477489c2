"""The demand of every sample: one row of whole numbers for each, from rasters of a batch.

Takes a graph with its `Demand`, and the record of samples that ran with rasters; gives int64 [N, columns]. The sums
over the samples are what `Demand.counts` takes. A product of two spike tensors counts its pairs while it runs, over
all samples of a batch: such graphs are run one sample at a time (`one_by_one`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from snnhw.analysis.counting.count import branch_fanout
from snnhw.analysis.counting.demand import EVENTS, GRADED, MET_EVENTS, MET_SYNOPS, SPIKES, SYNOPS, Column, Demand
from snnhw.analysis.counting.exact import weighted
from snnhw.analysis.counting.layers import layers
from snnhw.errors import InputError
from snnhw.graph.ir import Array, Graph
from snnhw.simulation.products import products_of_spikes
from snnhw.simulation.record import SpikeRecord

Rows = npt.NDArray[np.int64]
EXACT = 2**53  # whole numbers up to here are what they are in float64


def one_by_one(graph: Graph) -> bool:
    """Whether samples have to run one at a time for numbers of each."""
    return bool(products_of_spikes(graph))


@dataclass(frozen=True)
class _Reach:
    """Fan-outs of the branches that leave one source."""

    numbers: tuple[int, ...]  # of the branches
    maps: Array  # int64 [positions, branches]


class SampleCounter:
    """Counts of each sample of one graph; fan-outs are worked out once."""

    def __init__(self, graph: Graph, demand: Demand) -> None:
        self.demand = demand
        self._at = {column: i for i, column in enumerate(demand.columns)}
        self._input = graph.input
        fans = {}
        for row, runs, shared in zip(layers(graph), demand.runs, demand.shared, strict=True):
            for branch, at in (*zip(row.runs, runs, strict=True), *zip(row.shared, shared, strict=True)):
                if demand.branches[at].counted and at not in fans:
                    fans[at] = branch_fanout(graph, branch).ravel()
        self._reach = {}
        for source in dict.fromkeys(way.source for way in demand.branches):
            numbers = tuple(at for at in fans if demand.branches[at].source == source)
            if numbers:
                self._reach[source] = _Reach(numbers, np.stack([fans[at] for at in numbers], axis=1))

    def rows(self, record: SpikeRecord, frames: Array) -> Rows:
        """int64 [N, columns] of the samples of a batch.

        Args:
            record: of these samples, with rasters.
            frames: [N, 1 or T, *shape] that entered, as `check_inputs` gives them.

        Raises:
            InputError: several samples ran together and products of spikes met in them.
        """
        if record.products and record.samples > 1:
            raise InputError("Pairs of spikes are counted over a whole batch; run one sample at a time.")
        found = np.zeros((record.samples, len(self.demand.columns)), np.int64)
        for source in dict.fromkeys(c.layer for c in self.demand.columns if c.quantity == GRADED):
            self._source(found, source, record, frames)
        for name, met in record.products.items():
            found[:, self._at[Column(MET_EVENTS, name)]] = met.events.sum()
            found[:, self._at[Column(MET_SYNOPS, name)]] = met.synops.sum()
        return found

    def _source(self, found: Rows, source: str, record: SpikeRecord, frames: Array) -> None:
        levels = self._levels(source, record, frames)
        maps, any_fires = [], None
        for k, fires in enumerate(levels):  # [N, T, *shape]
            by_step = fires.sum(axis=tuple(range(2, fires.ndim)), dtype=np.int64)
            for t in range(by_step.shape[1]):
                found[:, self._at[Column(SPIKES, source, None, k + 1, t + 1)]] = by_step[:, t]
            any_fires = fires.astype(bool) if any_fires is None else any_fires | fires.astype(bool)
            maps.append(_over_steps(fires))
        assert any_fires is not None
        graded = _over_steps(any_fires)
        found[:, self._at[Column(GRADED, source)]] = graded.sum(axis=1, dtype=np.int64)
        reach = self._reach.get(source)
        if reach is None:
            return
        arrive = [_through(of_level, reach.maps) for of_level in maps]  # of each level, [N, branches]
        whole = _through(graded, reach.maps)
        for n, at in enumerate(reach.numbers):
            way = self.demand.branches[at]
            for k, gain in enumerate(way.gains):
                found[:, self._at[Column(SYNOPS, way.target, at, k + 1)]] = gain * arrive[k][:, n]
            lowest = min(k for k, gain in enumerate(way.gains) if gain)
            events = whole if all(way.gains) else arrive[lowest]  # levels are nested
            found[:, self._at[Column(EVENTS, way.target, at)]] = events[:, n]

    def _levels(self, source: str, record: SpikeRecord, frames: Array) -> Iterator[Array]:
        """Which positions fire, [N, T, *shape] of 0 and 1, level by level."""
        if source == self._input.name:
            values = np.broadcast_to(np.rint(frames), (len(frames), record.timesteps, *frames.shape[2:]))
            for k in range(self._input.levels or 1):
                yield values >= k + 1
        else:
            raster = record.raster[source]
            for k in range(raster.shape[2]):
                yield raster[:, :, k]


def _over_steps(fires: Array) -> Array:
    """How often each position fires, [N, positions], in the smallest whole numbers that hold it."""
    kind = np.uint8 if fires.shape[1] < 2**8 else np.int64
    summed: Array = fires.sum(axis=1, dtype=kind).reshape(len(fires), -1)
    return summed


def _through(often: Array, reach: Array) -> Rows:
    """Synops of each sample on each branch: int64 [N, branches] of [N, positions] and [positions, branches]."""
    if int(often.max(initial=0)) * int(reach.max(initial=0)) * len(reach) < EXACT:
        return np.rint(often.astype(np.float64) @ reach.astype(np.float64)).astype(np.int64)
    wide = often.astype(np.int64)
    return np.array([[weighted(sample, branch) for branch in reach.T] for sample in wide], dtype=np.int64)
