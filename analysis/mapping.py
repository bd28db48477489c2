"""How many cores a network takes on a chip, and which limit binds: compartments, axons or memory.

Each population is cut into equal tiles of positions (and of channels where one position alone is too much); a tile is
one core. Convolution weights are stored once per pattern of targets that a source position reaches inside the tile.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from analysis.chips import Chip
from analysis.counts import input_shape
from analysis.layers import Layer, layers, source_levels, synapse
from snnhw.errors import InputError
from snnhw.graph.ir import Conv2d, Graph, Input

LIMITS = ("compartments", "in_axons", "out_axons", "memory")
Span = tuple[int, int]  # first, past the last


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
    tiles: tuple[int, int, int]  # along channels, rows, columns
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
    rows = layers(graph)
    cut = {row.name: (1, 1, 1) for row in rows}
    for _ in range(64):  # out-axons depend on the tiles of the targets: repeat until nothing changes
        before = dict(cut)
        for row in reversed(rows):
            cut[row.name] = _smallest(graph, row, rows, cut, chip, deployment)
        if cut == before:
            break
    found = []
    for row in rows:
        demand = _demand(graph, row, rows, cut, chip, deployment)
        shares = demand.shares(chip)
        binds = max(shares, key=lambda name: shares[name])
        number = cut[row.name][0] * cut[row.name][1] * cut[row.name][2]
        found.append(LayerMapping(row.name, number, cut[row.name], demand, binds, shares[binds]))
    return ChipMapping(chip, deployment, tuple(found))


def _smallest(
    graph: Graph, row: Layer, rows: tuple[Layer, ...], cut: dict[str, tuple[int, int, int]], chip: Chip, deployment: str
) -> tuple[int, int, int]:
    channels, height, width = _volume(row)
    choices = sorted(
        product(_cuts(channels), _cuts(height), _cuts(width)), key=lambda c: (c[0] * c[1] * c[2], c[0], c[1])
    )
    for tiles in choices:
        demand = _demand(graph, row, rows, {**cut, row.name: tiles}, chip, deployment)
        if all(share <= 1 for share in demand.shares(chip).values()):
            return tiles
    raise InputError(f"A single neuron of layer {row.name!r} exceeds a core of {chip.title}; make the layer smaller.")


def _demand(
    graph: Graph, row: Layer, rows: tuple[Layer, ...], cut: dict[str, tuple[int, int, int]], chip: Chip, deployment: str
) -> Demand:
    copies = row.levels if deployment == "channels" else 1
    tile = next(iter(_tiles(row, cut[row.name])))  # the first tile is the largest
    (c0, c1), rows_span, columns_span = tile
    compartments = (c1 - c0) * (rows_span[1] - rows_span[0]) * (columns_span[1] - columns_span[0]) * row.levels
    in_axons, bits = 0, compartments * chip.state_bits_per_compartment
    for branch in row.branches:
        spans = [_reach(graph, branch.synapse, other, input_of(graph, branch.source)) for other in _tiles(row, cut[row.name])]
        levels = source_levels(graph, branch.source) if deployment != "graded" else 1
        in_axons += max(_area(span) for span in spans) * levels
        bits += max(
            _synapse_bits(graph, branch.synapse, other, input_of(graph, branch.source), chip, copies)
            for other in list(_tiles(row, cut[row.name]))[:4]
        ) * (1 if _first_use(row, branch.synapse, branch.source) else 0)
    return Demand(compartments, in_axons, _out_axons(graph, row, rows, cut, deployment), bits)


def _first_use(row: Layer, name: str | None, source: str) -> bool:
    """Branches through one synapse node share its weights: count them with the first."""
    return next(b.source for b in row.branches if b.synapse == name) == source


def _out_axons(
    graph: Graph, row: Layer, rows: tuple[Layer, ...], cut: dict[str, tuple[int, int, int]], deployment: str
) -> int:
    """Axons that leave the fullest tile: positions times target tiles that reach them, once per level."""
    most = 0
    levels = 1 if deployment == "graded" else row.levels
    for _, own_rows, own_columns in _tiles(row, cut[row.name]):
        leaving = 0
        for other in rows:
            for branch in (b for b in other.branches if b.source == row.name):
                for tile in _tiles(other, cut[other.name]):
                    (r0, r1), (x0, x1) = _reach(graph, branch.synapse, tile, input_of(graph, row.name))
                    height = min(r1, own_rows[1]) - max(r0, own_rows[0])
                    width = min(x1, own_columns[1]) - max(x0, own_columns[0])
                    leaving += max(0, height) * max(0, width) * levels
        most = max(most, leaving)
    return most


def input_of(graph: Graph, source: str) -> tuple[int, int, int]:
    """(C, H, W) of a source; a vector is one position per neuron."""
    node = graph.nodes.get(source)
    shape = node.shape if isinstance(node, Input) else graph.units()[source][0].shape
    return (shape[0], shape[1], shape[2]) if len(shape) == 3 else (1, 1, shape[0])


def _reach(
    graph: Graph, name: str | None, tile: tuple[Span, Span, Span], source: tuple[int, int, int]
) -> tuple[Span, Span]:
    """Rows and columns of source positions that reach a tile."""
    node = None if name is None else synapse(graph, name)
    if node is None:
        return tile[1], tile[2]
    if not isinstance(node, Conv2d):
        return (0, source[1]), (0, source[2])
    spans = []
    for axis in (0, 1):
        first, last = tile[axis + 1][0], tile[axis + 1][1] - 1
        low = first * node.stride[axis] - node.padding[axis]
        high = last * node.stride[axis] - node.padding[axis] + node.dilation[axis] * (node.weight.shape[2 + axis] - 1)
        spans.append((max(0, low), min(source[axis + 1], high + 1)))
    return spans[0], spans[1]


def _synapse_bits(
    graph: Graph, name: str | None, tile: tuple[Span, Span, Span], source: tuple[int, int, int], chip: Chip, copies: int
) -> int:
    channels = tile[0][1] - tile[0][0]
    node = None if name is None else synapse(graph, name)
    if node is None:
        return chip.axon_bits(copies, dense=True) * source[0]
    if not isinstance(node, Conv2d):
        targets = channels * (tile[1][1] - tile[1][0]) * (tile[2][1] - tile[2][0])
        size = 1
        for length in input_shape(graph, node.name):
            size *= length
        return chip.axon_bits(targets * copies, dense=True) * size
    per_group = node.shape[0] // node.groups
    reached = min(channels, per_group) * copies  # of one source channel
    patterns = [
        {tuple(_taps(node, axis, at, tile[axis + 1])) for at in range(source[axis + 1])} - {()} for axis in (0, 1)
    ]
    per_atom = sum(chip.axon_bits(len(y) * len(x) * reached, dense=False) for y in patterns[0] for x in patterns[1])
    atoms = node.weight.shape[1] * -(-channels // per_group)  # source channels whose group the tile holds
    return per_atom * atoms


def _taps(node: Conv2d, axis: int, at: int, span: Span) -> Iterator[int]:
    """Taps through which source coordinate `at` reaches outputs inside `span`."""
    for tap in range(node.weight.shape[2 + axis]):
        out, off = divmod(at + node.padding[axis] - tap * node.dilation[axis], node.stride[axis])
        if not off and span[0] <= out < span[1]:
            yield tap


def _volume(row: Layer) -> tuple[int, int, int]:
    return (row.shape[0], row.shape[1], row.shape[2]) if len(row.shape) == 3 else (1, 1, row.shape[0])


def _tiles(row: Layer, cut: tuple[int, int, int]) -> Iterator[tuple[Span, Span, Span]]:
    """Equal tiles, the first ones the larger where sizes differ."""
    axes = []
    for size, parts in zip(_volume(row), cut, strict=True):
        step = -(-size // parts)
        axes.append([(start, min(start + step, size)) for start in range(0, size, step)])
    yield from ((c, y, x) for c in axes[0] for y in axes[1] for x in axes[2])


def _cuts(size: int) -> list[int]:
    """Numbers of parts that differ in the size of the parts."""
    return sorted({-(-size // step) for step in range(1, size + 1)})


def _area(span: tuple[Span, Span]) -> int:
    return (span[0][1] - span[0][0]) * (span[1][1] - span[1][0])
