"""How many cores a network takes on a chip, and which limit binds: compartments, axons, memory or decays.

Each population is cut into equal tiles of positions (and of channels where one position alone is too much); a tile is
one core. Convolution weights are stored once per pattern of targets that a source position reaches inside the tile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from snnhw.analysis.counting.layers import layers
from snnhw.analysis.hardware.chips import Chip
from snnhw.analysis.hardware.demand import Demand, Placement, Row, compartments, population
from snnhw.analysis.hardware.tiling import Tiles, choices
from snnhw.errors import InputError, unknown
from snnhw.graph.finding import Finding
from snnhw.graph.ir import ILIF, Graph
from snnhw.passes import DEPLOYMENTS
from snnhw.passes.decompose import SHARED_MEMBRANE, inseparable
from snnhw.passes.decompose_graded import check_sums
from snnhw.rules.flow import integrators_before_neurons, layers_on_sums, passed_sums
from snnhw.rules.given import products
from snnhw.rules.kinds import host_nodes
from snnhw.rules.refuse import refuse


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
    refuse(_INTEGER_NEURONS[deployment](graph, chip), graph, chip.name)
    rows = tuple(population(graph, row, deployment) for row in layers(graph))
    if deployment == "graded":
        refuse(_carried(rows, chip), graph, chip.name)
    place = Placement(chip, deployment, {row.name: row for row in rows})
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


def _carried(rows: Iterable[Row], chip: Chip) -> Iterator[Finding]:
    """One error for each unit whose sum of levels takes more bits than a spike of the chip carries."""
    if chip.spike_bits is None:
        return
    for row in rows:
        bits = row.levels.bit_length() if row.levels > 1 else 0
        if bits > chip.spike_bits:
            theirs = f"at most {chip.spike_bits}" if chip.spike_bits else "none: they are binary"
            message = f"its graded spikes carry {bits} bits, and those of {chip.title} carry {theirs}"
            remedy = "map it as channels, or give --chip loihi2, whose spikes carry 32 bits"
            yield Finding("graded-spikes", "error", row.name, message, remedy)


def _fires_once(graph: Graph, chip: Chip) -> Iterator[Finding]:
    """One error for each integer neuron of several levels: a compartment sends at most one spike in a step."""
    for node in graph.of_type(ILIF):
        if node.levels == 1:
            continue
        message = f"it would send up to {node.levels} spikes in a step, and compartments of {chip.title} send one"
        yield Finding("several-spikes", "error", node.name, message, _as_graded(chip))


def _no_channels(graph: Graph, chip: Chip) -> Iterator[Finding]:
    """One error for each integer neuron whose levels are no channels."""
    for node in inseparable(graph):
        yield Finding("shared-membrane", "error", node.name, SHARED_MEMBRANE, _as_graded(chip))


def _as_graded(chip: Chip) -> str:
    return "map it as graded" if chip.spike_bits != 0 else "map it as graded on a chip with such spikes (--chip loihi2)"


# What keeps integer neurons from a deployment.
_INTEGER_NEURONS: Mapping[str, Callable[[Graph, Chip], Iterable[Finding]]] = {
    "channels": _no_channels,
    "shared": _fires_once,
    "graded": lambda graph, chip: (),
}


def _smallest(place: Placement, row: Row, cut: dict[str, Tiles]) -> Tiles:
    """Fewest tiles that fit, the limits that cost least to compute tried first."""
    chip, refused = place.chip, "compartments"
    for tiles in choices(row.size):
        if compartments(row, tiles) > chip.compartments_per_core:
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
