"""From an integer graph with balanced delays to the circuit that nengo-loihi's emulator runs; needs NumPy alone.

Each neuron node is a block, each synapse node in front of a block synapses into it. The emulator has no delays, so
early spikes pass through relays, a block of neurons for each step. Its spikes are binary, so each bit of integers that
enter is a stream with synapses of 2^bit times the weights. Gains and pools are axons: a spike is sent several times.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from snnhw.exporters.nengo_loihi.pools import Map, through
from snnhw.exporters.nengo_loihi.runtime.circuit import Array, Axons, Block, Circuit, Number, Stream, Synapses
from snnhw.exporters.synapses import Listed, synapses_of
from snnhw.graph.ir import SYNAPSES, Delay, Edge, Flatten, Graph, Input, LoihiLIF, Neuron, Node, Pool, Readout, Synapse
from snnhw.graph.loihi import ACCUMULATOR_LIMIT, DECAY_ONE, MEMBRANE_LIMIT, UNITS_PER_WEIGHT
from snnhw.graph.shapes import Shape
from snnhw.passes.balance_delays import depths
from snnhw.rules.ways import NENGO_LOIHI, check_compiled

COUNTS = "readout@counts"  # block of what neurons send the read-out; what synapses send it has blocks of its own
ONES = "ones"  # weights of one axon for each neuron
OFFSET = 1  # a spike that enters arrives a step later, also where it meets a neuron in the first step


@dataclass(frozen=True)
class Arrival:
    """What sends spikes to a node: an input or a neuron, how many steps late, through which pools."""

    sender: str
    late: int
    pools: tuple[str, ...] = ()


def lower(graph: Graph) -> Circuit:
    """The circuit of `graph`.

    Raises:
        InputError: a rule of `snnhw.rules.ways.NENGO_LOIHI` refuses the graph, or delays are not balanced.
    """
    return _Lowering(check_compiled(graph, NENGO_LOIHI)).circuit()


def arrivals(graph: Graph, name: str) -> dict[Arrival, int]:
    """All spikes that arrive at a node but for those of synapses, and how often each is counted."""
    found: dict[Arrival, int] = {}
    for edge in graph.into(name):
        source = graph.nodes[edge.source]
        sent: dict[Arrival, int] = {}
        if isinstance(source, Input | Neuron):
            sent = {Arrival(source.name, 0): 1}
        elif isinstance(source, Pool | Flatten | Delay):
            sent = arrivals(graph, source.name)
        for each, gain in sent.items():
            pools = (*each.pools, source.name) if isinstance(source, Pool) else each.pools
            key = Arrival(each.sender, each.late + edge.delay, pools)
            found[key] = found.get(key, 0) + gain * edge.gain
    return {each: gain for each, gain in found.items() if gain}


@dataclass
class _Lowering:
    graph: Graph
    streams: dict[str, Stream] = field(default_factory=dict)
    blocks: dict[str, Block] = field(default_factory=dict)
    synapses: dict[str, Synapses] = field(default_factory=dict)
    axons: list[Axons] = field(default_factory=list)
    arrays: dict[str, Array] = field(default_factory=dict)

    def circuit(self) -> Circuit:
        first = {name: depth + OFFSET for name, depth in depths(self.graph).items()}
        for node in self.graph.of_type(LoihiLIF):
            self.blocks[node.name] = Block(node.name, "unit", node.size, first[node.name], self._neurons(node))
        for node in self.graph.of_type(LoihiLIF):
            self._feed(node)
        self._read(self.graph.readout, first[self.graph.readout.name])
        return Circuit(
            self.graph.timesteps,
            tuple(self.streams.values()),
            tuple(self.blocks.values()),
            tuple(self.synapses.values()),
            tuple(self.axons),
            self.arrays,
        )

    def _feed(self, node: LoihiLIF) -> None:
        """Synapses and axons into the block of a neuron."""
        for edge in self.graph.into(node.name):
            synapse = self.graph.nodes[edge.source]
            if isinstance(synapse, SYNAPSES):
                self._listed(synapse)
                for each, gain in self._late(edge).items():
                    self._connect(each, gain, synapse.name, node.name)
        self._direct(node, node.name)

    def _read(self, end: Readout, first: int) -> None:
        """Blocks that read: each takes so many of the neurons in front of a matrix that no sum leaves its register."""
        for edge in self.graph.into(end.name):
            synapse = self.graph.nodes[edge.source]
            if not isinstance(synapse, SYNAPSES):
                continue
            self._listed(synapse)
            taken = self._late(edge)
            for number, part in enumerate(self._parts(synapse.name, taken)):
                block = f"readout@{synapse.name}.{number}"
                self.blocks[block] = Block(block, "readout", end.size, first, _silent(MEMBRANE_LIMIT))
                for each, gain in taken.items():
                    self._connect(each, gain, synapse.name, block, part)
        if arrivals(self.graph, end.name):
            self.blocks[COUNTS] = Block(COUNTS, "readout", end.size, first + 1, _silent(MEMBRANE_LIMIT))
            self._direct(end, COUNTS)

    def _direct(self, node: Node, block: str) -> None:
        """What reaches a node without a synapse: the bits of an input, or spikes that are counted."""
        for each, gain in arrivals(self.graph, node.name).items():
            self._connect(each, gain, self._ones(node.size), block)

    def _late(self, edge: Edge) -> dict[Arrival, int]:
        """What arrives at the synapse node of an edge, with what the edge adds."""
        found = arrivals(self.graph, edge.source)
        return {Arrival(a.sender, a.late + edge.delay, a.pools): gain * edge.gain for a, gain in found.items()}

    def _parts(self, weights: str, taken: dict[Arrival, int]) -> list[Array]:
        """Which axons each block takes, bool [axons]; one that alone sends more than a register holds is alone."""
        start, weight = self.arrays[f"{weights}/start"], self.arrays[f"{weights}/weight"]
        axon = np.repeat(np.arange(start.size - 1), np.diff(start))
        most = np.zeros(start.size - 1, np.int64)
        np.maximum.at(most, axon, np.abs(weight))
        most *= sum(abs(gain) * self._most(each) for each, gain in taken.items())
        part, room, number = np.zeros(most.size, np.int64), ACCUMULATOR_LIMIT, 0
        for i, sent in enumerate(most.tolist()):
            if sent > room:
                number, room = number + 1, ACCUMULATOR_LIMIT
            part[i], room = number, room - sent
        return [part == each for each in np.unique(part)]

    def _most(self, arriving: Arrival) -> int:
        """The largest integer that a sender puts on an axon in a step."""
        sender = self.graph.nodes[arriving.sender]
        sent = 2 ** (sender.bits - 1) if isinstance(sender, Input) else 1
        for name in arriving.pools:
            pool = self.graph.nodes[name]
            sent *= pool.kernel[0] * pool.kernel[1] if isinstance(pool, Pool) else 1
        return sent

    def _listed(self, synapse: Synapse) -> None:
        arriving = self._into(synapse)
        self._weights(synapse.name, partial(synapses_of, synapse, arriving), int(np.prod(arriving)))

    def _connect(self, arriving: Arrival, gain: int, weights: str, block: str, part: Array | None = None) -> None:
        """Spikes through synapses, or a part of their axons, into a block; each is sent as often as it counts."""
        if not self.arrays[f"{weights}/to"].size:
            return  # all weights are 0
        sender = self.graph.nodes[arriving.sender]
        pools = [self.graph.nodes[name] for name in arriving.pools]
        shapes = [(pool, self._into(pool)) for pool in pools if isinstance(pool, Pool)]
        maps = through(shapes, sender.size)
        if part is not None:
            maps = [np.where((to >= 0) & part[to], to, -1).astype(np.int32) for to in maps]
        if isinstance(sender, Input):
            for bit in range(sender.bits):
                negative = bit == sender.bits - 1  # two's complement
                name = f"{sender.name}@{self.blocks[block].first}.{bit}"
                self.streams[name] = Stream(name, sender.size, bit, self.blocks[block].first)
                self._axons(name, maps, gain, self._synapses(weights, block, bit, negative != (gain < 0)))
        else:
            name = self._relayed(sender, arriving.late)
            self._axons(name, maps, gain, self._synapses(weights, block, 0, gain < 0))

    def _axons(self, sender: str, maps: list[Map], gain: int, synapses: str) -> None:
        for one in maps:
            to = ""
            if (one != np.arange(one.size)).any():
                to = f"map/{len(self.arrays)}"
                self.arrays[to] = one
            self.axons += [Axons(sender, synapses, to)] * abs(gain)

    def _synapses(self, weights: str, block: str, exponent: int, negative: bool) -> str:
        name = f"{weights} to {block} * {'-' if negative else ''}2^{exponent}"
        count = self.arrays[f"{weights}/start"].size - 1
        self.synapses[name] = Synapses(name, block, weights, count, exponent, -1 if negative else 1)
        return name

    def _relayed(self, sender: Node, late: int) -> str:
        """What sends the spikes of a population so many steps late: the last of a chain of relays."""
        name = sender.name
        for step in range(1, late + 1):
            before, name = name, f"{sender.name}@{step}"
            if name not in self.blocks:
                self.blocks[name] = Block(name, "relay", sender.size, 0, _silent(UNITS_PER_WEIGHT // 2))
                self.axons.append(Axons(before, self._synapses(self._ones(sender.size), name, 0, False)))
        return name

    def _ones(self, size: int) -> str:
        """Weights of 1 from each neuron to the one of its number."""
        self._weights(f"{ONES}/{size}", lambda: (np.arange(size), np.arange(size), np.ones(size)), size)
        return f"{ONES}/{size}"

    def _weights(self, name: str, listed: Callable[[], Listed], axons: int) -> None:
        """The arrays of a layer, its synapses in the order of the axons."""
        if f"{name}/start" in self.arrays:
            return
        start, to, weight = listed()
        order = np.argsort(start, kind="stable")
        counts = np.bincount(start, minlength=axons)
        self.arrays[f"{name}/start"] = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        self.arrays[f"{name}/to"] = to[order].astype(np.int32)
        self.arrays[f"{name}/weight"] = weight[order].astype(np.int32)

    def _into(self, node: Node) -> Shape:
        return self.graph.nodes[self.graph.into(node.name)[0].source].shape

    def _neurons(self, node: LoihiLIF) -> dict[str, Number]:
        given = {
            "vth": np.asarray(node.threshold, np.int64) * UNITS_PER_WEIGHT,
            "du": node.du,
            "dv": node.dv,
            "bias": node.bias,
            "start": node.start,
            "current_start": node.current_start,
        }
        values: dict[str, Number] = {}
        for name, value in given.items():
            full = np.broadcast_to(np.asarray(value, np.int64), node.shape)
            if np.ptp(full) == 0:
                values[name] = int(full.flat[0])
            else:
                values[name] = f"{node.name}/{name}"
                self.arrays[f"{node.name}/{name}"] = full.ravel().astype(np.int32)
        return values


def _silent(vth: int) -> dict[str, Number]:
    """Neurons that forget everything from one step to the next."""
    return {"vth": vth, "du": DECAY_ONE - 1, "dv": DECAY_ONE - 1}
