"""Energy on a mesh of cores by SANA-FE's formula (Boyle et al., TCAD 2025; sanafe 2.2.9), from exact counts.

    E_synapse = sum over spikes sent of fan-out * e(kind of synapse)
    E_soma    = e_access * N * steps + e_update * updated + e_spike * fired
    E_network = e_message * packets + e_hop_ew * hops_ew + e_hop_ns * hops_ns
A packet is one (spike, destination core); it walks first along one axis of the mesh, then along the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from snnhw.analysis.counting.fanout import fanout
from snnhw.analysis.hardware.profiles import Profile
from snnhw.analysis.hardware.reach import Cores, Reached, paths, reached, senders
from snnhw.analysis.hardware.stepwise import Activity, populations, synapses_into
from snnhw.errors import InputError
from snnhw.graph.ir import Conv2d, Graph, Linear, Node
from snnhw.rules.cores import NEURONS_PER_CORE, first_cores

SynapseKind = str  # "conv" | "dense" | "sparse"


@dataclass(frozen=True)
class Mesh:
    """Tiles in a rectangle, numbered along the short side first; cores numbered tile by tile."""

    height: int = 4
    width: int = 8
    cores_per_tile: int = 4
    neurons_per_core: int = NEURONS_PER_CORE

    def hops(self, a: int, b: int) -> tuple[int, int]:
        """(east-west, north-south) hops between two cores."""
        (xa, ya), (xb, yb) = (divmod(core // self.cores_per_tile, self.height) for core in (a, b))
        return abs(xa - xb), abs(ya - yb)


LOIHI_MESH = Mesh()


@dataclass(frozen=True)
class Traffic:
    """What one run puts on the mesh."""

    events: Mapping[SynapseKind, int]
    packets: int
    hops_ew: int
    hops_ns: int


@dataclass(frozen=True)
class NocEnergy:
    """J, in the three terms that SANA-FE prints."""

    synapse: float
    soma: float
    network: float

    @property
    def total(self) -> float:
        """J."""
        return self.synapse + self.soma + self.network


def place(graph: Graph, mesh: Mesh = LOIHI_MESH) -> Cores:
    """Populations on cores in graph order, each population from a fresh core, input events on cores of their own.

    Raises:
        InputError: the network needs more cores than the mesh has.
    """
    first, core = first_cores(graph, mesh.neurons_per_core)
    available = mesh.height * mesh.width * mesh.cores_per_tile
    if core > available:
        raise InputError(f"Graph {graph.name!r} needs {core} cores, the chip has {available}; map it on several chips.")
    return {name: at + _filled(graph.nodes[name], mesh.neurons_per_core) for name, at in first.items()}


def _filled(node: Node, neurons_per_core: int) -> npt.NDArray[np.int64]:
    """Core of every neuron, counted from the first of its population."""
    return (np.arange(node.size) // neurons_per_core).reshape(node.shape)


def synapse_kind(graph: Graph, population: str) -> SynapseKind:
    """Kind of synapse memory in front of a population: conv if a convolution feeds it, else dense, else sparse."""
    found = synapses_into(graph, population)
    if any(isinstance(node, Conv2d) for node in found):
        return "conv"
    return "dense" if any(isinstance(node, Linear) for node in found) else "sparse"


def traffic(graph: Graph, activity: Activity, cores: Cores, mesh: Mesh = LOIHI_MESH, *, zeros: bool = False) -> Traffic:
    """Synaptic events, packets and hops of a run; `zeros`: synapses of weight zero are stored and take events too."""
    events: dict[SynapseKind, int] = {}
    for sender in senders(graph):
        sent = activity.sent(sender.name)
        for path, population in paths(graph, sender.name):
            kind = synapse_kind(graph, population)
            events[kind] = events.get(kind, 0) + int((fanout(path, sender.shape, zeros=zeros) * sent).sum())
    return carried(events, activity, tuple(reached(graph, cores, zeros=zeros)), mesh)


def carried(events: Mapping[SynapseKind, int], activity: Activity, found: Sequence[Reached], mesh: Mesh) -> Traffic:
    """The events with their packets and hops: a spike sends one packet to each core that it reaches."""
    packets = hops_ew = hops_ns = 0
    for one in found:
        sent = activity.sent(one.sender).ravel().astype(np.float64)
        homes, at = np.unique(one.homes, return_inverse=True)
        leaving = np.zeros((len(homes), len(one.targets)))
        for column, meets in enumerate(one.meets.T):
            leaving[:, column] = np.bincount(at, sent * meets, minlength=len(homes))
        for home, row in zip(homes.tolist(), leaving.astype(np.int64).tolist(), strict=True):
            for core, n in zip(one.targets.tolist(), row, strict=True):
                ew, ns = mesh.hops(home, core)
                packets, hops_ew, hops_ns = packets + n, hops_ew + n * ew, hops_ns + n * ns
    return Traffic(events, packets, hops_ew, hops_ns)


def noc_energy(graph: Graph, activity: Activity, found: Traffic, profile: Profile) -> NocEnergy:
    """Energy of the run, typical constants."""
    each = {"conv": "synop", "dense": "synop_dense", "sparse": "synop_sparse"}
    neurons = sum(graph.nodes[name].size for name in populations(graph))
    fired = sum(int(activity.sent(name).sum()) for name in populations(graph))
    return NocEnergy(
        synapse=sum(n * profile[each[kind]].typical for kind, n in found.events.items()),
        soma=profile["neuron_update"].typical * neurons * activity.steps
        + profile["neuron_active_extra"].typical * activity.updated
        + profile["spike_out"].typical * fired,
        network=profile["message"].typical * found.packets
        + profile["hop_ew"].typical * found.hops_ew
        + profile["hop_ns"].typical * found.hops_ns,
    )
