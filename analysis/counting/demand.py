"""The smallest set of whole numbers that all counts of a network follow from: its demand.

What differs between samples is what each source sends, by level and step, what arrives through each branch, and what
meets in products. All else is the network's: fan-outs, updates, the ANN twin. Takes a folded graph; gives the columns
that a sample has a number for, and makes `NetworkCounts`, equal to those of `count`, of their sums.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from snnhw.analysis.counting.count import count, inhibits
from snnhw.analysis.counting.counts import EdgeCounts, LayerCounts, NetworkCounts
from snnhw.analysis.counting.layers import Branch, layers
from snnhw.analysis.counting.sources import source_levels, source_shape
from snnhw.graph.ir import Graph
from snnhw.simulation.products import products_of_spikes
from snnhw.simulation.record import Meetings, SpikeRecord, UnitRecord

SPIKES, GRADED, SYNOPS, EVENTS = "spikes", "graded_spikes", "synops", "events"
MET_EVENTS, MET_SYNOPS = "met_events", "met_synops"
QUANTITIES = (SPIKES, GRADED, SYNOPS, EVENTS, MET_EVENTS, MET_SYNOPS)
EVERY_STEP = (  # of a row: what every sample costs alike
    "macs",
    "bias_adds",
    "pool_adds",
    "neuron_updates",
    "current_updates",
    "shared_bias_adds",
    "host_operations",
)


@dataclass(frozen=True)
class Column:
    """One whole number of each sample."""

    quantity: str  # one of QUANTITIES
    layer: str  # the source that sends, or the row in which it arrives or meets
    branch: int | None = None  # of `Demand.branches`, on which it arrives
    level: int | None = None  # from 1
    step: int | None = None  # from 1


@dataclass(frozen=True)
class Way:
    """A branch as the counts need it."""

    source: str
    target: str  # the row in which it arrives, the first one of a sum that several rows read
    gains: tuple[int, ...]  # by level of the source, 0 where that level is not connected
    counted: bool  # synops arrive on it; False: its spikes are part of multiply-accumulates, or meet others


@dataclass(frozen=True)
class Demand:
    """The columns of a network, and what its counts are beside them."""

    silent: NetworkCounts  # of one sample in which nothing fires
    branches: tuple[Way, ...]
    runs: tuple[tuple[int, ...], ...]  # by row of `silent`: the branches of its edges
    shared: tuple[tuple[int, ...], ...]  # and those of sums that an earlier row computes
    inhibits: tuple[bool, ...]  # by row: its levels as channels would have to inhibit each other
    columns: tuple[Column, ...]

    def counts(self, sums: Sequence[int], samples: int) -> NetworkCounts:
        """Counts of so many samples.

        Args:
            sums: of every column over these samples, in the order of `columns`.
            samples: how many; the template's own costs are taken that often.
        """
        values = dict(zip(self.columns, (int(value) for value in sums), strict=True))
        made = tuple(self._layer(row, layer, values, samples) for row, layer in enumerate(self.silent.layers))
        return replace(self.silent, samples=samples, layers=made)

    def _layer(self, row: int, layer: LayerCounts, values: Mapping[Column, int], samples: int) -> LayerCounts:
        steps = range(1, self.silent.timesteps + 1)
        levels = range(1, len(layer.spikes) + 1)
        by_step = tuple(tuple(values[Column(SPIKES, layer.name, None, k, t)] for t in steps) for k in levels)
        spikes = tuple(sum(level) for level in by_step)
        ways = zip(self.runs[row], layer.edges, strict=True), zip(self.shared[row], layer.shared, strict=True)
        edges, shared = (tuple(self._edge(at, edge, values) for at, edge in pairs) for pairs in ways)
        numbers: dict[str, Any] = {key: samples * getattr(layer, key) for key in EVERY_STEP}
        numbers |= {key: values.get(Column(key, layer.name), 0) for key in (MET_EVENTS, MET_SYNOPS)}
        return replace(
            layer,
            spikes=spikes,
            spikes_t=by_step,
            graded_spikes=values[Column(GRADED, layer.name)] if spikes else 0,
            edges=edges,
            shared=shared,
            lateral_spikes=sum(spikes) if self.inhibits[row] else 0,
            **numbers,
        )

    def _edge(self, at: int, edge: EdgeCounts, values: Mapping[Column, int]) -> EdgeCounts:
        way, steps = self.branches[at], range(1, self.silent.timesteps + 1)
        sent = [sum(values[Column(SPIKES, way.source, None, k + 1, t)] for t in steps) for k in range(len(way.gains))]
        connected = [k for k, gain in enumerate(way.gains) if gain]
        graded = values[Column(GRADED, way.source)] if all(way.gains) else sent[connected[0]]  # levels are nested
        found = replace(edge, spikes=sum(g * n for g, n in zip(way.gains, sent, strict=True)), graded_spikes=graded)
        if not way.counted:
            return found
        synops = tuple(values[Column(SYNOPS, way.target, at, k + 1)] for k in range(len(way.gains)))
        return replace(found, level_synops=synops, events=values[Column(EVENTS, way.target, at)])


def demand(graph: Graph, timesteps: int, *, stepped: bool) -> Demand:
    """The demand of a graph.

    Args:
        graph: folded, as for `count`.
        timesteps: of a record of it.
        stepped: its samples have an axis of time steps.

    Raises:
        InputError: as `count`.
    """
    rows, ways, found = layers(graph), list[Way](), dict[Branch, int]()

    def number(branch: Branch, row: str) -> int:
        ways.append(Way(branch.source, row, branch.gains, not (branch.summed or branch.meets)))
        return len(ways) - 1

    runs, shared = [], []
    for row in rows:
        runs.append(tuple(number(branch, row.name) for branch in row.runs))
        for branch, at in zip(row.runs, runs[-1], strict=True):
            found.setdefault(branch, at)
        shared.append(tuple(found[b] if b in found else number(b, row.name) for b in row.shared))
    units = graph.units()
    sources = dict.fromkeys([*(way.source for way in ways), *units])
    sent = {name: (source_levels(graph, name), source_shape(graph, name)) for name in sources}
    columns: list[Column] = []
    for name, (levels, _) in sent.items():
        columns += [Column(SPIKES, name, None, k + 1, t + 1) for k in range(levels) for t in range(timesteps)]
        columns.append(Column(GRADED, name))
    for at, way in enumerate(ways):
        if way.counted:
            columns += [Column(SYNOPS, way.target, at, k + 1) for k in range(len(way.gains))]
            columns.append(Column(EVENTS, way.target, at))
    meeting = sorted(products_of_spikes(graph))
    for name in meeting:
        columns += [Column(MET_EVENTS, name), Column(MET_SYNOPS, name)]
    nothing = np.zeros(timesteps, np.int64)
    silence = SpikeRecord(
        1,
        timesteps,
        {name: _no_spikes(levels, shape, timesteps) for name, (levels, shape) in sent.items()},
        np.zeros((0, 1)),
        stepped=stepped,
        products={name: Meetings(nothing, nothing) for name in meeting},
    )
    lateral = tuple(inhibits(graph, units.get(row.name, ())) for row in rows)
    return Demand(count(graph, silence), tuple(ways), tuple(runs), tuple(shared), lateral, tuple(columns))


def _no_spikes(levels: int, shape: tuple[int, ...], timesteps: int) -> UnitRecord:
    return UnitRecord(
        np.zeros((levels, *shape), np.int64), np.zeros(shape, np.int64), np.zeros((levels, timesteps), np.int64)
    )
