"""What most papers would print for the same network, and by how much each shortcut is off.

E = E_MAC * FLOPs(first layer) + E_AC * sum over layers of rate * FLOPs, with taps on the padding among the FLOPs. Known
errors: those taps, the mean rate instead of where the spikes are, a first layer charged once instead of T times, and no
updates, memory, routing or static power.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from snnhw.analysis.counting.count import dense_macs, twin_synapse
from snnhw.analysis.counting.counts import EdgeCounts, NetworkCounts
from snnhw.analysis.counting.layers import layers
from snnhw.analysis.counting.sources import source_shape
from snnhw.analysis.digits import count_text
from snnhw.analysis.hardware.profiles import Profile
from snnhw.graph.ir import Graph, Product


@dataclass(frozen=True)
class RateTimesFlops:
    """Counts per inference as the convention takes them, beside the exact ones."""

    flops: int  # multiply-accumulates of one pass of the twin, taps on the padding included
    dense_macs: int  # without them
    rate_synops: float  # rate of the source times FLOPs times T, over all synapse nodes that spikes enter
    unit_synops: float  # what takes place there
    first_flops: int  # analogue layers, once
    timesteps: int

    @property
    def sentences(self) -> tuple[str, ...]:
        """One for each known error, with its size in this network."""
        found = []
        if self.dense_macs:
            found.append(
                f"Taps on the padding count: {count_text(self.flops)} multiply-accumulates of the twin instead of "
                f"{count_text(self.dense_macs)} ({_error(self.flops, self.dense_macs)})."
            )
        if self.unit_synops:
            found.append(
                f"Mean rate times FLOPs gives {count_text(self.rate_synops)} synops instead of "
                f"{count_text(self.unit_synops)} ({_error(self.rate_synops, self.unit_synops)}): where the spikes are, "
                "borders, pools and weights of zero are ignored."
            )
        if self.first_flops and self.timesteps > 1:
            found.append(
                f"The analogue first layer is charged once, {count_text(self.first_flops)} multiply-accumulates, "
                f"although it works at each of {self.timesteps} steps."
            )
        return (*found, "Neuron updates, memory, routing and static power are left out.")

    def energy(self, profile: Profile) -> float:
        """J per inference that the convention gives with the constants of a profile of model "operations"."""
        return self.first_flops * profile["mac"].typical + self.rate_synops * profile["ac"].typical

    def to_dict(self) -> dict[str, object]:
        """The `convention` of report.json."""
        return {**self.__dict__, "errors": list(self.sentences)}


@dataclass(frozen=True)
class Flops:
    """What the convention takes of a network, whatever its spikes."""

    whole: int  # of one pass of the twin, taps on the padding included
    dense_macs: int  # without them
    first: int  # of analogue layers
    synapses: Mapping[str, int]  # of every synapse node, or product, that spikes enter
    sizes: Mapping[str, int]  # positions of every source


def flops_of(graph: Graph) -> Flops:
    """Of a folded graph."""
    rows = layers(graph)
    computed = [(row, name) for row in rows for name in (*row.owns, *((row.name,) if row.kind == "product" else ()))]
    entered = [branch for row in rows for branch in row.runs if branch.synapse and not branch.summed]
    return Flops(
        whole=sum(_flops(graph, name) for _, name in computed),
        dense_macs=sum(dense_macs(graph, name) for _, name in computed),
        first=sum(_flops(graph, name) for row, name in computed if name in row.analog),
        synapses={branch.synapse: _flops(graph, branch.synapse) for branch in entered if branch.synapse},
        sizes={branch.source: math.prod(source_shape(graph, branch.source)) for branch in entered},
    )


def convention(graph: Graph | Flops, counts: NetworkCounts) -> RateTimesFlops:
    """Both ways of counting side by side; `counts` are of `graph`, or its `flops_of`, and of at least one sample."""
    flops = graph if isinstance(graph, Flops) else flops_of(graph)
    edges = [edge for edge in counts.edges if edge.synapse and not edge.summed]
    by_rate = sum(
        edge.spikes * flops.synapses[edge.synapse] / flops.sizes[edge.source] / _factors(edge) for edge in edges
    )
    return RateTimesFlops(
        flops=flops.whole,
        dense_macs=flops.dense_macs,
        rate_synops=by_rate / counts.samples,
        unit_synops=(sum(edge.unit_synops for edge in edges) + counts.total("met_synops")) / counts.samples,
        first_flops=flops.first,
        timesteps=counts.timesteps,
    )


def _flops(graph: Graph, name: str) -> int:
    """Outputs times weights per output; a read-out with a pool folded into it counts as the one it came from."""
    if isinstance(product := graph.nodes[name], Product):
        return product.macs
    node, _ = twin_synapse(graph, name)
    return 0 if node.identity else node.size * int(node.weight[0].size)


def _factors(edge: EdgeCounts) -> int:
    """2 for the spikes of a factor of a product of spikes, whose rate is taken as the mean of both."""
    return 2 if edge.meets else 1


def _error(found: float, exact: float) -> str:
    return f"{100 * (found / exact - 1):+.0f} %"
