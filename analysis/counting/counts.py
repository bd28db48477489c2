"""The rows of a counting table: what one edge, one layer and one network did, in exact Python integers.

A row states the spikes its population SENDS (`spikes`, `graded_spikes`, `rate`) and the work that ARRIVES in it (all
else). Three numbers are always told apart: graded events e (one multi-level spike is one event), unit synops u (a spike
of value v is v accumulations) and replicated synops K*u (each of the K levels is a membrane with its own synapses).
A sum that several populations read counts once, in the row of the first; only K*u has it in the row of each.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from snnhw.analysis.counting.layers import LayerKind
from snnhw.analysis.counting.twin_passes import STATIC as STATIC_FRAME
from snnhw.analysis.counting.twin_passes import TwinKind
from snnhw.errors import InputError
from snnhw.glance import Summarised, Summary


@dataclass(frozen=True)
class EdgeCounts:
    """Spikes of one source that arrive through one synapse node (branches of a residual sum are separate edges)."""

    source: str
    synapse: str  # "" for an identity connection
    target: str
    target_levels: int  # K of the target population: how often replicated synapses are there
    synapses: int  # non-zero synapses, one set (not times K)
    spikes: int  # unit spikes that take this branch
    graded_spikes: int  # the same as multi-level spikes
    level_synops: tuple[int, ...]  # unit synops caused by each level of the source
    events: int  # graded spikes times fan-out
    input_size: int = 0  # positions of the input whose events these are; 0: a population sends them
    summed: bool = False  # spikes that are added to analogue values before a layer multiplies both: MACs, no synops
    pool_size: int = 0  # positions of the max pool or the product that sends them
    meets: bool = False  # into a product of spikes: their synops are the pairs that meet, `met_synops` of the row

    @property
    def unit_synops(self) -> int:
        """Accumulations if all levels of the target share one dendrite: sum of spike values times fan-out."""
        return sum(self.level_synops)

    @property
    def replicated_synops(self) -> int:
        """Accumulations if every level of the target has synapses of its own."""
        return self.target_levels * self.unit_synops

    def __add__(self, other: EdgeCounts) -> EdgeCounts:
        """Sum over two sets of samples."""
        level_synops = tuple(a + b for a, b in zip(self.level_synops, other.level_synops, strict=True))
        return dataclasses.replace(
            self,
            spikes=self.spikes + other.spikes,
            graded_spikes=self.graded_spikes + other.graded_spikes,
            level_synops=level_synops,
            events=self.events + other.events,
        )


@dataclass(frozen=True)
class LayerCounts:
    """One row. Additive over samples: `spikes` .. `edges` and the last three; the other fields describe the layer."""

    name: str
    kind: LayerKind
    shape: tuple[int, ...]
    levels: int
    synapse_nodes: tuple[str, ...]
    spikes: tuple[int, ...]  # sent, per level; empty for the read-out
    spikes_t: tuple[tuple[int, ...], ...]  # sent, per level and time step [K][T]
    graded_spikes: int  # sent, if all levels travel in one multi-level spike
    macs: int  # multiply-accumulates on analogue values, every step, in-bounds taps with non-zero weight
    bias_adds: int  # non-zero biases, every step, one set (not times K)
    pool_adds: int  # additions of pools on analogue values; pools on spikes fold into the synapses
    neuron_updates: int  # N * T * membranes (read-out: N * T accumulators), plus N * T per leaky integrator in front
    edges: tuple[EdgeCounts, ...]
    dense_macs: int  # of the ANN twin, per inference with all its passes, in-bounds taps
    dense_inputs: int  # activations that the ANN twin reads, per inference, each once in a pass
    dense_addresses: (
        int  # address steps of the ANN twin: in a pass one per input, output and kernel position of an output channel
    )
    twin_words: int  # words that hold the activations which the ANN twin reads in a pass
    params: int
    weight_bits: int  # memory of the weights and biases, one set
    current_updates: int = 0  # N * T of a current-based neuron: its current decays in the compartment of its membrane
    shared: tuple[EdgeCounts, ...] = ()  # work of an earlier row whose sum this one reads too; not in the totals
    shared_bias_adds: int = 0  # biases of those sums
    repeated_macs: int = 0  # of `dense_macs`, those that the ANN twin does anew at every step
    passes: int = 1  # how often the ANN twin computes the outputs of this layer in one inference
    host_operations: int = 0  # of max pools and of norms by the statistics of their input, every step; without a price
    met_events: int = 0  # of a product of two spike tensors: pairs of which neither is 0; they are events and synops
    met_synops: int = 0  # the same pairs, each as often as the product of both spikes' values
    shared_membrane: bool = False  # of an integer neuron (ILIF), whose levels have one between them
    lateral_spikes: int = 0  # of its levels that as channels would have to inhibit each other (`inhibited_channels`)

    @property
    def membranes(self) -> int:
        """Of each neuron, where its levels are in one node: K, or 1."""
        return 1 if self.shared_membrane else self.levels

    @property
    def neurons(self) -> int:
        """N: positions, each with `membranes` membranes; none in a product."""
        return 0 if self.kind == "product" else int(np.prod(self.shape, dtype=np.int64))

    @property
    def events(self) -> int:
        """Graded synaptic events e, branches separate."""
        return sum(edge.events for edge in self.edges) + self.met_events

    @property
    def unit_synops(self) -> int:
        """Unit synaptic operations u."""
        return sum(edge.unit_synops for edge in self.edges) + self.met_synops

    @property
    def replicated_synops(self) -> int:
        """K * u, sums that are shared included, since each membrane has synapses of its own; K = 1 in the read-out."""
        return sum(edge.replicated_synops for edge in (*self.edges, *self.shared)) + self.met_synops

    @property
    def synapses(self) -> int:
        """Non-zero synapses that spikes use, one set (not times K); those that read a residual sum are one set, too."""
        sets: dict[tuple[str, str], int] = {}
        for edge in self.edges:
            wires = edge.synapse, "" if edge.synapse else edge.source  # without a synapse node each source has its own
            sets[wires] = max(sets.get(wires, 0), edge.synapses)
        return sum(sets.values())

    @property
    def takes_events(self) -> bool:
        """Whether events of the input arrive here."""
        return any(edge.input_size for edge in self.edges)

    def rate(self, samples: int, timesteps: int) -> float:
        """Unit spikes per neuron and step, 0..K."""
        steps = samples * timesteps * self.neurons
        return sum(self.spikes) / steps if steps else 0.0

    def to_dict(self, samples: int, timesteps: int) -> dict[str, object]:
        """One entry of `layers` in `report.json`; the rate is per neuron and step of so many samples."""
        return {
            "name": self.name,
            "kind": self.kind,
            "shape": list(self.shape),
            "neurons": self.neurons,
            "levels": self.levels,
            "membranes": self.membranes,
            "synapse_nodes": list(self.synapse_nodes),
            "spikes": list(self.spikes),
            "spikes_t": [list(level) for level in self.spikes_t],
            "rate": self.rate(samples, timesteps),
            **{key: getattr(self, key) for key in (*BY_STEP, *STATIC)},
            "passes": self.passes,
        }

    def __add__(self, other: LayerCounts) -> LayerCounts:
        """Sum over two sets of samples."""
        return dataclasses.replace(
            self,
            spikes=_add(self.spikes, other.spikes),
            spikes_t=tuple(_add(a, b) for a, b in zip(self.spikes_t, other.spikes_t, strict=True)),
            graded_spikes=self.graded_spikes + other.graded_spikes,
            macs=self.macs + other.macs,
            bias_adds=self.bias_adds + other.bias_adds,
            pool_adds=self.pool_adds + other.pool_adds,
            neuron_updates=self.neuron_updates + other.neuron_updates,
            edges=tuple(a + b for a, b in zip(self.edges, other.edges, strict=True)),
            current_updates=self.current_updates + other.current_updates,
            shared=tuple(a + b for a, b in zip(self.shared, other.shared, strict=True)),
            shared_bias_adds=self.shared_bias_adds + other.shared_bias_adds,
            host_operations=self.host_operations + other.host_operations,
            met_events=self.met_events + other.met_events,
            met_synops=self.met_synops + other.met_synops,
            lateral_spikes=self.lateral_spikes + other.lateral_spikes,
        )


# What adds up over samples and time steps, and what the network alone decides.
BY_STEP = (
    "graded_spikes",
    "events",
    "unit_synops",
    "replicated_synops",
    "macs",
    "bias_adds",
    "pool_adds",
    "neuron_updates",
    "current_updates",
    "host_operations",
    "met_events",
    "met_synops",
    "lateral_spikes",
)
STATIC = ("dense_macs", "dense_inputs", "dense_addresses", "synapses", "params", "weight_bits")
TOTALS = ("neurons", *BY_STEP, *STATIC)


@dataclass(frozen=True, repr=False)
class NetworkCounts(Summarised):
    """All rows, for `samples` samples of `timesteps` steps."""

    name: str
    samples: int
    timesteps: int
    layers: tuple[LayerCounts, ...]
    twin: TwinKind = STATIC_FRAME  # what the ANN twin computes, and how often

    def total(self, key: str) -> int:
        """Sum of one of `TOTALS`, or of "spikes", over the rows."""
        if key == "spikes":
            return sum(sum(layer.spikes) for layer in self.layers)
        return sum(int(getattr(layer, key)) for layer in self.layers)

    def summary(self) -> Summary:
        """Totals over all rows and samples."""
        totals = {
            "spikes": "spikes",
            "graded spikes": "graded_spikes",
            "graded events e": "events",
            "unit synops u": "unit_synops",
            "replicated K*u": "replicated_synops",
            "macs": "macs",
        }
        return Summary(
            f"NetworkCounts of {self.name!r}",
            (
                ("counted", f"{self.samples:,} samples of {self.timesteps} time steps"),
                ("layers", f"{len(self.layers)} with {self.total('neurons'):,} neurons"),
                *((word, f"{self.total(key):,}") for word, key in totals.items()),
            ),
        )

    @property
    def edges(self) -> tuple[EdgeCounts, ...]:
        """Edges of all rows."""
        return tuple(edge for layer in self.layers for edge in layer.edges)

    @property
    def max_levels(self) -> int:
        """The largest K of the network."""
        return max((layer.levels for layer in self.layers), default=1)

    def merge(self, other: NetworkCounts) -> NetworkCounts:
        """Counts of both sets of samples.

        Raises:
            InputError: the counts are of different networks.
        """
        if _structure(self) != _structure(other):
            raise InputError(f"Counts of {self.name!r} and {other.name!r} do not add up; merge counts of one network.")
        merged = tuple(a + b for a, b in zip(self.layers, other.layers, strict=True))
        return dataclasses.replace(self, samples=self.samples + other.samples, layers=merged)

    def to_dict(self) -> dict[str, object]:
        """The `layers` and `totals` of `report.json`, with `samples`, `timesteps` and `edges`."""
        rows = [layer.to_dict(self.samples, self.timesteps) for layer in self.layers]
        spikes = [
            sum(layer.spikes[k] for layer in self.layers if k < len(layer.spikes)) for k in range(self.max_levels)
        ]
        edges = [
            {
                **dataclasses.asdict(edge),
                "level_synops": list(edge.level_synops),
                "unit_synops": edge.unit_synops,
                "replicated_synops": edge.replicated_synops,
            }
            for edge in self.edges
        ]
        return {
            "samples": self.samples,
            "timesteps": self.timesteps,
            "layers": rows,
            "totals": {"spikes": spikes, **{key: self.total(key) for key in TOTALS}},
            "edges": edges,
        }


def _structure(counts: NetworkCounts) -> tuple[object, ...]:
    return (
        counts.timesteps,
        counts.twin,
        *(
            (c.name, c.kind, c.shape, c.levels, c.shared_membrane, c.synapses, c.params, c.dense_macs)
            for c in counts.layers
        ),
        *((len(c.edges), len(c.shared)) for c in counts.layers),
    )


def _add(a: Iterable[int], b: Iterable[int]) -> tuple[int, ...]:
    return tuple(x + y for x, y in zip(a, b, strict=True))
