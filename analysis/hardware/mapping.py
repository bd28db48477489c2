"""How many cores a network takes on a chip, and which limit binds: compartments, axons, memory or decays.

Each population is cut into equal tiles of positions (and of channels where one position alone is too much); a tile is
one core. Convolution weights are stored once per pattern of targets that a source position reaches inside the tile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from snnhw.analysis.counting.layers import Layer, layers, synapse
from snnhw.analysis.counting.sources import source_levels, source_shape
from snnhw.analysis.hardware.chips import Chip
from snnhw.analysis.hardware.tiling import (
    Axis,
    Tiles,
    Volume,
    choices,
    largest_reach,
    lists,
    overlaps,
    spans,
    volume,
    windows,
)
from snnhw.errors import InputError, unknown
from snnhw.graph.finding import Finding
from snnhw.graph.ir import ILIF, Array, Conv2d, Graph, Pool, Synapse
from snnhw.passes import DEPLOYMENTS
from snnhw.passes.decompose import SHARED_MEMBRANE, inseparable
from snnhw.passes.decompose_graded import check_sums
from snnhw.quantisation.decay_pairs import decay_pairs
from snnhw.rules.flow import integrators_before_neurons, layers_on_sums, passed_sums
from snnhw.rules.given import products
from snnhw.rules.kinds import host_nodes
from snnhw.rules.refuse import refuse

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
class LayerMapping:
    """One population on its cores."""

    name: str
    cores: int
    tiles: Tiles  # parts along channels, rows, columns
    demand: Demand
    binds: str  # the limit that is fullest
    use: float  # how full, 0..1

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {**self.__dict__, "tiles": list(self.tiles), "demand": dict(self.demand.__dict__)}


@dataclass(frozen=True)
class ChipMapping:
    """A network on a chip."""

    chip: Chip
    deployment: str
    layers: tuple[LayerMapping, ...]

    @property
    def cores(self) -> int:
        """Cores over all layers; layers do not share cores."""
        return sum(layer.cores for layer in self.layers)

    @property
    def chips(self) -> int:
        """Chips that hold so many cores."""
        return -(-self.cores // self.chip.cores_per_chip)

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "chip": self.chip.name,
            "deployment": self.deployment,
            "cores": self.cores,
            "chips": self.chips,
            "fits_one_chip": self.chips == 1,
            "layers": [layer.to_dict() for layer in self.layers],
            "source": self.chip.source,
            "assumes": list(self.chip.assumes),
        }


def map_network(graph: Graph, chip: Chip, deployment: str = "channels") -> ChipMapping:
    """Smallest number of equal tiles per layer that keeps every limit.

    Args:
        graph: the one of `on_cores`, or decomposed.
        chip: its limits.
        deployment: "channels" stores the synapses of a layer once per level, "shared" and "graded" once.

    Raises:
        InputError: there is no such deployment, a layer, a pool or a flattening takes the sums of a layer, a single
            neuron does not fit a core, pools are left between populations, or integer neurons cannot be deployed so.
    """
    given = (
        *products(graph, chip.name),
        *host_nodes(graph, chip.name),
        *integrators_before_neurons(graph, chip.name),
    )
    refuse((*given, *layers_on_sums(graph, chip.name), *passed_sums(graph, chip.name)), graph, chip.name)
    known = [name for name, kind in DEPLOYMENTS.items() if kind.fits_cores]
    if deployment not in known:
        raise unknown("deployment that can be mapped", deployment, known)
    if deployment == "graded":
        check_sums(graph)
    refuse(_INTEGER_NEURONS[deployment](graph, chip.name), graph, chip.name)
    rows = tuple(_row(graph, row, deployment) for row in layers(graph))
    place = _Placement(chip, deployment, {row.name: row for row in rows})
    cut: dict[str, Tiles] = {row.name: (1, 1, 1) for row in rows}
    for _ in range(8):  # out-axons depend on the tiles of the targets: repeat until nothing changes
        before = dict(cut)
        for row in reversed(rows):
            cut[row.name] = _smallest(place, row, cut)
        if cut == before:
            break
    found = []
    for row in rows:
        demand = place.demand(row, cut[row.name], cut)
        shares = demand.shares(chip)
        binds = max(shares, key=lambda name: shares[name])
        channels, height, width = cut[row.name]
        found.append(LayerMapping(row.name, channels * height * width, cut[row.name], demand, binds, shares[binds]))
    return ChipMapping(chip, deployment, tuple(found))


def _fires_once(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each integer neuron of several levels: a compartment sends at most one spike in a step."""
    for node in graph.of_type(ILIF):
        if node.levels == 1:
            continue
        message = f"it would send up to {node.levels} binary spikes in a step, and compartments of {title} send one"
        yield Finding("several-spikes", "error", node.name, message, "map it as graded")


def _no_channels(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each integer neuron whose levels are no channels."""
    for node in inseparable(graph):
        yield Finding("shared-membrane", "error", node.name, SHARED_MEMBRANE, "map it as graded")


# What keeps integer neurons from a deployment.
_INTEGER_NEURONS: Mapping[str, Callable[[Graph, str], Iterable[Finding]]] = {
    "channels": _no_channels,
    "shared": _fires_once,
    "graded": lambda graph, title: (),
}


def _smallest(place: _Placement, row: _Row, cut: dict[str, Tiles]) -> Tiles:
    """Fewest tiles that fit, the limits that cost least to compute tried first."""
    chip, refused = place.chip, "compartments"
    for tiles in choices(row.size):
        if _compartments(row, tiles) > chip.compartments_per_core:
            continue
        if chip.decay_pairs_per_core is not None and not row.decays_fit(tiles, chip.decay_pairs_per_core):
            refused = "decays"
        elif chip.in_axons_per_core is not None and place.in_axons(row, tiles) > chip.in_axons_per_core:
            refused = "in-axons"
        elif place.memory(row, tiles) > chip.memory_bits_per_core:
            refused = "memory"
        elif chip.out_axons_per_core is not None and place.out_axons(row, tiles, cut) > chip.out_axons_per_core:
            refused = "out-axons"
        else:
            return tiles
    raise InputError(
        f"A single neuron of layer {row.name!r} exceeds a core of {chip.title} in {refused}; make the layer smaller."
    )


@dataclass(frozen=True)
class _Arrow:
    """A branch as the mapping needs it."""

    source: str
    axons: int  # per source position: one per level, or one that carries the value
    node: Synapse | None
    rows: Axis
    columns: Axis


@dataclass(frozen=True)
class _Row:
    """A population as the mapping needs it."""

    name: str
    size: Volume
    levels: int
    membranes: int  # of one position, each a compartment
    axons: int  # that leave one position for each target tile
    arrows: tuple[_Arrow, ...]
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


def _row(graph: Graph, row: Layer, deployment: str) -> _Row:
    arrows = []
    for branch in row.branches:
        pools = [name for name in branch.via if isinstance(graph.nodes[name], Pool)]
        if pools:
            raise InputError(
                f"Pool {pools[0]!r} stands between populations, and a chip has none; use a convolution with a stride."
            )
        node = None if branch.synapse is None else synapse(graph, branch.synapse)
        axons = 1 if deployment == "graded" else source_levels(graph, branch.source)
        arrows.append(_Arrow(branch.source, axons, node, *windows(node, volume(source_shape(graph, branch.source)))))
    axons, size = 1 if deployment == "graded" else row.levels, volume(row.shape)
    membranes = row.levels if deployment == "channels" else row.membranes
    return _Row(row.name, size, row.levels, membranes, axons, tuple(arrows), _pairs(graph, row.name, size))


def _pairs(graph: Graph, unit: str, size: Volume) -> Array | None:
    """Pairs of decays of a population, None where there is one."""
    found = [decay_pairs(graph, node).reshape(size) for node in graph.units().get(unit, ())]
    pairs = np.stack(found) if found else np.zeros(1)
    return None if np.ptp(pairs) == 0 else pairs


@dataclass(frozen=True)
class _Placement:
    """What tiles of a layer need on a chip."""

    chip: Chip
    deployment: str
    rows: dict[str, _Row]

    def demand(self, row: _Row, tiles: Tiles, cut: dict[str, Tiles]) -> Demand:
        """All limits of the fullest tile."""
        return Demand(
            _compartments(row, tiles),
            self.in_axons(row, tiles),
            self.out_axons(row, tiles, cut),
            self.memory(row, tiles),
            row.decays(tiles),
        )

    def in_axons(self, row: _Row, tiles: Tiles) -> int:
        """Source positions that reach the fullest tile, once per level."""
        _, height, width = row.size
        return sum(
            arrow.axons * largest_reach(arrow.rows, height, tiles[1]) * largest_reach(arrow.columns, width, tiles[2])
            for arrow in row.arrows
        )

    def memory(self, row: _Row, tiles: Tiles) -> int:
        """Bits: state of the compartments, and every synapse node's weights once."""
        copies = row.levels if self.deployment == "channels" else 1
        nodes = {None if arrow.node is None else arrow.node.name: arrow for arrow in row.arrows}
        bits = _compartments(row, tiles) * self.chip.state_bits_per_compartment
        return bits + sum(_synapse_bits(arrow, row.size, tiles, self.chip, copies) for arrow in nodes.values())

    def out_axons(self, row: _Row, tiles: Tiles, cut: dict[str, Tiles]) -> int:
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


def _compartments(row: _Row, tiles: Tiles) -> int:
    sizes = [-(-size // parts) for size, parts in zip(row.size, tiles, strict=True)]
    return sizes[0] * sizes[1] * sizes[2] * row.membranes


def _synapse_bits(arrow: _Arrow, size: Volume, tiles: Tiles, chip: Chip, copies: int) -> int:
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
