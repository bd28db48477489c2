"""How many cores a network takes on a chip, and which limit binds: compartments, axons or memory.

Each population is cut into equal tiles of positions (and of channels where one position alone is too much); a tile is
one core. Convolution weights are stored once per pattern of targets that a source position reaches inside the tile.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

from analysis.chips import Chip
from analysis.layers import Layer, layers, source_levels, source_shape, synapse
from snnhw.errors import InputError
from snnhw.graph.ir import Conv2d, Graph, Pool, Synapse

LIMITS = ("compartments", "in_axons", "out_axons", "memory")
Span = tuple[int, int]  # first, past the last
Tiles = tuple[int, int, int]  # parts along channels, rows, columns
Volume = tuple[int, int, int]  # (C, H, W)
Axes = list[list[Span]]


@dataclass(frozen=True)
class Demand:
    """What the fullest core of a layer needs, by limit; memory in bits."""

    compartments: int
    in_axons: int
    out_axons: int
    memory: int

    def shares(self, chip: Chip) -> dict[str, float]:
        """Use of each limit that the chip has, 1 is full."""
        limits = (
            chip.compartments_per_core,
            chip.in_axons_per_core,
            chip.out_axons_per_core,
            chip.memory_bits_per_core,
        )
        used = (self.compartments, self.in_axons, self.out_axons, self.memory)
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

    def to_dict(self) -> dict[str, Any]:
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

    def to_dict(self) -> dict[str, Any]:
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
        graph: folded, pools folded into the read-out, multi-level or decomposed.
        chip: its limits.
        deployment: "channels" stores the synapses of a layer once per level, "shared" and "graded" once.

    Raises:
        InputError: a single neuron does not fit a core, or pools are left between populations.
    """
    place = _Placement(graph, layers(graph), chip, deployment)
    cut: dict[str, Tiles] = {row.name: (1, 1, 1) for row in place.rows}
    for _ in range(8):  # out-axons depend on the tiles of the targets: repeat until nothing changes
        before = dict(cut)
        for row in reversed(place.rows):
            cut[row.name] = _smallest(place, row, cut)
        if cut == before:
            break
    found = []
    for row in place.rows:
        demand = place.demand(row, cut)
        shares = demand.shares(chip)
        binds = max(shares, key=lambda name: shares[name])
        channels, height, width = cut[row.name]
        found.append(LayerMapping(row.name, channels * height * width, cut[row.name], demand, binds, shares[binds]))
    return ChipMapping(chip, deployment, tuple(found))


def _smallest(place: _Placement, row: Layer, cut: dict[str, Tiles]) -> Tiles:
    limit = place.chip.compartments_per_core
    channels, height, width = volume(row.shape)
    choices = product(_cuts(channels), _cuts(height), _cuts(width))
    for tiles in sorted(choices, key=lambda c: (c[0] * c[1] * c[2], c)):
        if place.compartments(row, tiles) > limit:
            continue
        if all(share <= 1 for share in place.demand(row, {**cut, row.name: tiles}).shares(place.chip).values()):
            return tiles
    raise InputError(
        f"A single neuron of layer {row.name!r} exceeds a core of {place.chip.title}; make the layer smaller."
    )


@dataclass(frozen=True)
class _Placement:
    """What tiles of a layer need on a chip."""

    graph: Graph
    rows: tuple[Layer, ...]
    chip: Chip
    deployment: str

    def compartments(self, row: Layer, tiles: Tiles) -> int:
        sizes = [-(-size // parts) for size, parts in zip(volume(row.shape), tiles, strict=True)]
        return sizes[0] * sizes[1] * sizes[2] * row.levels

    def demand(self, row: Layer, cut: dict[str, Tiles]) -> Demand:
        axes = _tiles(row, cut[row.name])
        compartments = self.compartments(row, cut[row.name])
        in_axons, bits = 0, compartments * self.chip.state_bits_per_compartment
        stored: set[str | None] = set()
        for branch in row.branches:
            pools = [name for name in branch.via if isinstance(self.graph.nodes[name], Pool)]
            if pools:
                raise InputError(f"Pool {pools[0]!r} stands between populations; fold it before mapping.")
            source = volume(source_shape(self.graph, branch.source))
            node = None if branch.synapse is None else synapse(self.graph, branch.synapse)
            in_axons += self.levels(source_levels(self.graph, branch.source)) * _largest_reach(node, axes, source)
            if branch.synapse not in stored:  # branches through one synapse node share its weights
                copies = row.levels if self.deployment == "channels" else 1
                bits += _synapse_bits(node, axes, source, self.chip, copies)
                stored.add(branch.synapse)
        return Demand(compartments, in_axons, self._out_axons(row, cut), bits)

    def levels(self, levels: int) -> int:
        """Axons per position: one per level, or one that carries the value."""
        return 1 if self.deployment == "graded" else levels

    def _out_axons(self, row: Layer, cut: dict[str, Tiles]) -> int:
        """Axons that leave the fullest tile: its positions times the target tiles they reach, once per level."""
        own = _tiles(row, cut[row.name])
        source = volume(row.shape)
        total = [[0] * len(own[2]) for _ in own[1]]
        for other in self.rows:
            for branch in (b for b in other.branches if b.source == row.name):
                node = None if branch.synapse is None else synapse(self.graph, branch.synapse)
                channels, *target = _tiles(other, cut[other.name])
                shared = [
                    [
                        sum(_overlap(mine, _reach(node, axis, span, source)) for span in target[axis])
                        for mine in own[axis + 1]
                    ]
                    for axis in (0, 1)
                ]
                for i, rows in enumerate(shared[0]):
                    for j, columns in enumerate(shared[1]):
                        total[i][j] += rows * columns * len(channels)
        return max(map(max, total)) * self.levels(row.levels)


def _largest_reach(node: Synapse | None, axes: Axes, source: Volume) -> int:
    """Most source positions that reach one tile."""
    spans = [max(_length(_reach(node, axis, span, source)) for span in axes[axis + 1]) for axis in (0, 1)]
    return spans[0] * spans[1]


def volume(shape: tuple[int, ...]) -> Volume:
    """(C, H, W); a vector is one position per neuron."""
    return (shape[0], shape[1], shape[2]) if len(shape) == 3 else (1, 1, shape[0])


def _reach(node: Synapse | None, axis: int, span: Span, source: Volume) -> Span:
    """Source coordinates along an axis (0 rows, 1 columns) that reach the outputs in `span`."""
    if node is None:
        return span
    if not isinstance(node, Conv2d):
        return 0, source[axis + 1]
    low = span[0] * node.stride[axis] - node.padding[axis]
    high = (span[1] - 1) * node.stride[axis] - node.padding[axis]
    high += node.dilation[axis] * (node.weight.shape[2 + axis] - 1)
    return max(0, low), min(source[axis + 1], high + 1)


def _synapse_bits(node: Synapse | None, axes: Axes, source: Volume, chip: Chip, copies: int) -> int:
    """Weights of the fullest tile: one list per source channel and pattern of taps that reach the tile."""
    channels = _length(axes[0][0])
    if node is None:
        return chip.axon_bits(copies, dense=True) * source[0]
    if not isinstance(node, Conv2d):
        targets = channels * _length(axes[1][0]) * _length(axes[2][0])
        return chip.axon_bits(targets * copies, dense=True) * int(node.weight.shape[1])
    per_group = node.shape[0] // node.groups
    reached = min(channels, per_group) * copies  # of one source channel
    atoms = int(node.weight.shape[1]) * -(-channels // per_group)  # source channels whose groups the tile holds
    most = 0
    for rows, columns in product(*(sorted({s[0], s[len(s) // 2], s[-1]}) for s in axes[1:])):
        lists = product(_patterns(node, 0, rows, source[1]), _patterns(node, 1, columns, source[2]))
        most = max(most, sum(chip.axon_bits(y * x * reached, dense=False) for y, x in lists))
    return most * atoms


def _patterns(node: Conv2d, axis: int, span: Span, size: int) -> list[int]:
    """Taps in each distinct set of taps through which a source coordinate reaches outputs inside `span`."""
    found = set()
    for at in range(size):
        taps = []
        for tap in range(node.weight.shape[2 + axis]):
            out, off = divmod(at + node.padding[axis] - tap * node.dilation[axis], node.stride[axis])
            if not off and span[0] <= out < span[1]:
                taps.append(tap)
        found.add(tuple(taps))
    return [len(taps) for taps in found if taps]


def _tiles(row: Layer, cut: Tiles) -> Axes:
    """Equal spans along channels, rows and columns, the first ones the larger where sizes differ."""
    axes = []
    for size, parts in zip(volume(row.shape), cut, strict=True):
        step = -(-size // parts)
        axes.append([(start, min(start + step, size)) for start in range(0, size, step)])
    return axes


def _cuts(size: int) -> list[int]:
    """Numbers of parts that differ in the size of the parts."""
    return sorted({-(-size // step) for step in range(1, size + 1)})


def _length(span: Span) -> int:
    return max(0, span[1] - span[0])


def _overlap(a: Span, b: Span) -> int:
    return _length((max(a[0], b[0]), min(a[1], b[1])))
