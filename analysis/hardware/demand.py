"""What tiles of a population need of a core: compartments, axons, memory and pairs of decays.

A tile is a part of a population; convolution weights are stored once per pattern of targets that a source position
reaches inside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from snnhw.analysis.counting.layers import Layer, synapse
from snnhw.analysis.counting.sources import source_levels, source_shape
from snnhw.analysis.hardware.chips import Chip
from snnhw.analysis.hardware.tiling import Axis, Tiles, Volume, largest_reach, lists, overlaps, spans, volume, windows
from snnhw.errors import InputError
from snnhw.graph.ir import Array, Conv2d, Graph, Pool, Synapse
from snnhw.quantisation.decay_pairs import decay_pairs

LIMITS = ("compartments", "in_axons", "out_axons", "memory", "decays")


@dataclass(frozen=True)
class Demand:
    """What the fullest core of a layer needs, by limit; memory in bits."""

    compartments: int
    in_axons: int
    out_axons: int
    memory: int
    decays: int = 1  # different pairs of decays, of current and membrane

    def shares(self, chip: Chip) -> dict[str, float]:
        """Use of each limit that the chip has, 1 is full; one decay for all is not counted."""
        limits = (
            chip.compartments_per_core,
            chip.in_axons_per_core,
            chip.out_axons_per_core,
            chip.memory_bits_per_core,
            chip.decay_pairs_per_core,
        )
        used = (self.compartments, self.in_axons, self.out_axons, self.memory, self.decays if self.decays > 1 else 0)
        return {name: n / limit for name, n, limit in zip(LIMITS, used, limits, strict=True) if limit is not None}


@dataclass(frozen=True)
class Arrow:
    """A branch as the mapping needs it."""

    source: str
    axons: int  # per source position: one per level, or one that carries the value
    node: Synapse | None
    rows: Axis
    columns: Axis


@dataclass(frozen=True)
class Row:
    """A population as the mapping needs it."""

    name: str
    size: Volume
    levels: int
    membranes: int  # of one position, each a compartment
    axons: int  # that leave one position for each target tile
    arrows: tuple[Arrow, ...]
    pairs: Array | None = None  # of decays, [levels, C, H, W]; None where all neurons decay alike

    def decays(self, tiles: Tiles) -> int:
        """Different pairs in the tile that has most of them."""
        if self.pairs is None:
            return 1
        cuts = product(*(spans(size, parts) for size, parts in zip(self.size, tiles, strict=True)))
        return max(len(np.unique(self.pairs[:, a:b, c:d, e:f])) for (a, b), (c, d), (e, f) in cuts)

    def decays_fit(self, tiles: Tiles, limit: int) -> bool:
        """Whether no tile has more than `limit` pairs."""
        if self.pairs is None:
            return True
        enough = len(np.unique(self.pairs)) <= limit * tiles[0] * tiles[1] * tiles[2]
        return enough and self.decays(tiles) <= limit


def population(graph: Graph, row: Layer, deployment: str) -> Row:
    """A layer of the graph as the mapping needs it.

    Raises:
        InputError: a pool stands between two populations.
    """
    arrows = []
    for branch in row.branches:
        pools = [name for name in branch.via if isinstance(graph.nodes[name], Pool)]
        if pools:
            raise InputError(
                f"Pool {pools[0]!r} stands between populations, and a chip has none; use a convolution with a stride."
            )
        node = None if branch.synapse is None else synapse(graph, branch.synapse)
        axons = 1 if deployment == "graded" else source_levels(graph, branch.source)
        arrows.append(Arrow(branch.source, axons, node, *windows(node, volume(source_shape(graph, branch.source)))))
    axons, size = 1 if deployment == "graded" else row.levels, volume(row.shape)
    membranes = row.levels if deployment == "channels" else row.membranes
    return Row(row.name, size, row.levels, membranes, axons, tuple(arrows), _pairs(graph, row.name, size))


def _pairs(graph: Graph, unit: str, size: Volume) -> Array | None:
    """Pairs of decays of a population, None where there is one."""
    found = [decay_pairs(graph, node).reshape(size) for node in graph.units().get(unit, ())]
    pairs = np.stack(found) if found else np.zeros(1)
    return None if np.ptp(pairs) == 0 else pairs


@dataclass(frozen=True)
class Placement:
    """What tiles of a layer need on a chip."""

    chip: Chip
    deployment: str
    rows: dict[str, Row]

    def demand(self, row: Row, tiles: Tiles, cut: dict[str, Tiles]) -> Demand:
        """All limits of the fullest tile."""
        return Demand(
            compartments(row, tiles),
            self.in_axons(row, tiles),
            self.out_axons(row, tiles, cut),
            self.memory(row, tiles),
            row.decays(tiles),
        )

    def in_axons(self, row: Row, tiles: Tiles) -> int:
        """Source positions that reach the fullest tile, once per level."""
        _, height, width = row.size
        return sum(
            arrow.axons * largest_reach(arrow.rows, height, tiles[1]) * largest_reach(arrow.columns, width, tiles[2])
            for arrow in row.arrows
        )

    def memory(self, row: Row, tiles: Tiles) -> int:
        """Bits: state of the compartments, and every synapse node's weights once."""
        copies = row.levels if self.deployment == "channels" else 1
        nodes = {None if arrow.node is None else arrow.node.name: arrow for arrow in row.arrows}
        bits = compartments(row, tiles) * self.chip.state_bits_per_compartment
        return bits + sum(_synapse_bits(arrow, row.size, tiles, self.chip, copies) for arrow in nodes.values())

    def out_axons(self, row: Row, tiles: Tiles, cut: dict[str, Tiles]) -> int:
        """Axons that leave the fullest tile: its positions times the target tiles they reach, once per level."""
        total = np.zeros((len(spans(row.size[1], tiles[1])), len(spans(row.size[2], tiles[2]))), dtype=np.int64)
        for other in self.rows.values():
            for arrow in other.arrows:
                if arrow.source == row.name:
                    channels, height, width = cut[other.name]
                    down = overlaps(arrow.rows, tiles[1], other.size[1], height)
                    across = overlaps(arrow.columns, tiles[2], other.size[2], width)
                    total += np.outer(down, across) * len(spans(other.size[0], channels))
        return int(total.max()) * row.axons


def compartments(row: Row, tiles: Tiles) -> int:
    """Compartments of the largest tile."""
    sizes = [-(-size // parts) for size, parts in zip(row.size, tiles, strict=True)]
    return sizes[0] * sizes[1] * sizes[2] * row.membranes


def _synapse_bits(arrow: Arrow, size: Volume, tiles: Tiles, chip: Chip, copies: int) -> int:
    """Weights of the fullest tile: one list per source channel and pattern of taps that reach the tile."""
    node = arrow.node
    channels, height, width = (-(-length // parts) for length, parts in zip(size, tiles, strict=True))
    if node is None:
        return chip.axon_bits(copies, dense=True) * size[0]
    if not isinstance(node, Conv2d):
        return chip.axon_bits(channels * height * width * copies, dense=True) * int(node.weight.shape[1])
    per_group = node.shape[0] // node.groups
    reached = min(channels, per_group) * copies  # of one source channel
    atoms = int(node.weight.shape[1]) * -(-channels // per_group)  # source channels whose groups the tile holds
    patterns = lists(arrow.rows, arrow.columns, size[1], size[2], tiles[1:])
    return atoms * max(
        sum(many * chip.axon_bits(taps * reached, dense=False) for taps, many in tile) for tile in patterns
    )
