"""What every core of a mapping does for one sample, from the spikes of a run: synops, packets, updates.

Takes the folded graph, its mapping and a spike record; gives arrays over all cores, layer after layer in the order of
the mapping. Sums over the cores of a layer are the counts of the layer. Without a record nothing fires.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from snnhw.analysis.counting.count import unit_spikes
from snnhw.analysis.counting.fanout import arrivals
from snnhw.analysis.counting.layers import Branch, Layer, layers
from snnhw.analysis.hardware.mapping import ChipMapping
from snnhw.analysis.hardware.reach import met_by_core
from snnhw.analysis.hardware.tiling import Tiles, spans, volume
from snnhw.graph.ir import Conv2d, Graph, Linear, Node
from snnhw.simulation.record import SpikeRecord

Amount = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TileWork:
    """Work of every core for one sample, mean over the samples, or their sum; every array is [cores]."""

    layers: tuple[str, ...]  # the layer of every core
    synops: dict[str, Amount]  # by kind of synapse memory: conv, dense, sparse
    received: Amount  # packets; those of the input are among them
    sent: Amount
    compartments: Amount  # that the core holds
    spikes: Amount  # that its compartments fire

    def core_of(self, core: int) -> tuple[str, int]:
        """(layer, core counted within the layer) of a core counted over all layers."""
        name = self.layers[core]
        return name, core - self.layers.index(name)

    def over(self, samples: int) -> TileWork:
        """The mean over so many samples of work that is their sum."""
        return replace(
            self,
            synops={kind: found / samples for kind, found in self.synops.items()},
            received=self.received / samples,
            sent=self.sent / samples,
            spikes=self.spikes / samples,
        )


def tile_ids(shape: tuple[int, ...], tiles: Tiles) -> npt.NDArray[np.int64]:
    """Core of every position of a layer [*shape], counted within the layer."""
    size = volume(shape)
    parts = [np.zeros(n, dtype=np.int64) for n in size]
    counts = []
    for part, length, cut in zip(parts, size, tiles, strict=True):
        found = spans(length, cut)
        counts.append(len(found))
        for i, (start, stop) in enumerate(found):
            part[start:stop] = i
    channels, rows, columns = parts
    ids = (channels[:, None, None] * counts[1] + rows[None, :, None]) * counts[2] + columns[None, None, :]
    return ids.reshape(shape)


def tile_work(graph: Graph, mapping: ChipMapping, record: SpikeRecord | None = None) -> TileWork:
    """Work of every core of `mapping` for one sample; arguments and errors are those of `tile_sums`."""
    return tile_sums(graph, mapping, record).over(1 if record is None else record.samples)


def tile_sums(graph: Graph, mapping: ChipMapping, record: SpikeRecord | None = None) -> TileWork:
    """Work of every core of `mapping`, summed over the samples: whole numbers.

    Args:
        graph: the one that was mapped, pools folded.
        mapping: of that graph.
        record: of that graph, any number of samples; None: no spike.

    Raises:
        InputError: the record is of another network.
    """
    rows = {row.name: row for row in layers(graph)}
    placed = [layer for layer in mapping.layers if layer.name in rows]
    ids = {layer.name: tile_ids(rows[layer.name].shape, layer.tiles) for layer in placed}
    first: dict[str, int] = {}
    names: list[str] = []
    for layer in placed:
        first[layer.name] = len(names)
        names += [layer.name] * (int(ids[layer.name].max()) + 1)
    size = len(names)
    synops = {kind: np.zeros(size) for kind in ("conv", "dense", "sparse")}
    received, sent, compartments, spikes = (np.zeros(size) for _ in range(4))

    def add(total: Amount, name: str, found: npt.NDArray[np.int64]) -> None:
        cores = np.bincount(ids[name].ravel(), found.ravel().astype(np.float64))
        total[first[name] : first[name] + len(cores)] += cores

    for row in rows.values():
        add(compartments, row.name, np.full(row.shape, row.levels))
        if record is None:
            continue
        if row.name in record.units:
            add(spikes, row.name, unit_spikes(graph, record, row.name).levels.sum(axis=0))
        for branch in row.branches:
            if branch.summed:
                continue
            path = _path(graph, branch)
            arriving, packets = _spikes(graph, record, branch, row, mapping.deployment)
            made = arrivals(path, arriving).reshape(row.shape)
            add(synops[_kind(path)], row.name, made)
            copies = np.zeros(packets.shape, dtype=np.int64)
            for core, meets in met_by_core(path, packets.shape, ids[row.name]):
                received[first[row.name] + core] += int(packets[meets].sum())
                copies += meets
            if branch.source in first:
                add(sent, branch.source, packets * copies)
    return TileWork(tuple(names), synops, received, sent, compartments, spikes)


def _path(graph: Graph, branch: Branch) -> tuple[Node, ...]:
    names = branch.via if branch.synapse is None else (*branch.via, branch.synapse)
    return tuple(graph.nodes[name] for name in names)


def _kind(path: tuple[Node, ...]) -> str:
    last = path[-1] if path else None
    return "conv" if isinstance(last, Conv2d) else "dense" if isinstance(last, Linear) else "sparse"


def _spikes(
    graph: Graph, record: SpikeRecord, branch: Branch, row: Layer, deployment: str
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Of every source position: how often its synapses are asked for, and how many packets it sends to a core."""
    found = unit_spikes(graph, record, branch.source)
    levels = found.levels.astype(np.int64)
    gains = np.array(branch.gains).reshape(-1, *(1,) * (levels.ndim - 1))
    if deployment == "graded":
        events = found.graded_spikes.astype(np.int64)
        if not all(branch.gains):
            events = levels[min(k for k, gain in enumerate(branch.gains) if gain)]
        return events, events
    copies = row.levels if deployment == "channels" else 1
    return (levels * gains).sum(axis=0) * copies, (levels * gains).sum(axis=0)
