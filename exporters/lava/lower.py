"""From a balanced graph to the processes and connections of Lava, without importing Lava or torch.

Takes a folded, decomposed graph with balanced delays, in floats or Loihi integers; gives a `LavaNetwork`. The delayed
sources of a port share one Delay process, chained: Delay(m) of what is left after m steps, so a stage of b residual
blocks costs about b Delay processes. `binary` gives every population its own synapse with one-bit messages (Loihi 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from snnhw.errors import InputError
from snnhw.exporters.lava.parameters import (
    Values,
    conv_parameters,
    dense_parameters,
    lif_parameters,
    pool_parameters,
    readout_bias,
    to_lava_shape,
)
from snnhw.exporters.lava.runtime.network import Array, LavaNetwork, Process, Unit
from snnhw.graph.ir import LI, LIF, SYNAPSES, Conv2d, Flatten, Graph, Input, Linear, LoihiLIF, Node, Pool, Readout
from snnhw.graph.shapes import Shape
from snnhw.rules.flow import layouts
from snnhw.rules.ways import LAVA, check_compiled

Port = frozenset[tuple[str, int, int]]  # (process, gain, delay) of everything that is summed at an input


@dataclass(frozen=True)
class Draft:
    """A process of which the name may still have to change."""

    name: str
    kind: str
    shape: tuple[int, ...]
    values: Values = ({}, {})
    steps: int = 0  # by which it is later than its sources
    owner: str = ""  # node that it belongs to, under which its arrays are kept; "" for delays and gains


def lower(graph: Graph, *, binary: bool = False) -> LavaNetwork:
    """The Lava processes of `graph`.

    Args:
        graph: Input, Conv2d, Linear, LIF or LoihiLIF, Pool, Flatten, Readout; delays balanced.
        binary: one synapse with one-bit messages per source population instead of graded sums.

    Raises:
        InputError: a rule of `snnhw.rules.ways.LAVA` refuses the graph, or delays are not balanced.
    """
    return _Lowering(check_compiled(graph, LAVA), binary).network()


class _Lowering:
    """The processes found so far, and which node or delayed sum each of them is."""

    def __init__(self, graph: Graph, binary: bool) -> None:
        self.graph = graph
        self.binary = binary
        self.processes: dict[str, Process] = {}
        self.arrays: dict[str, Array] = {}
        self.sent: dict[str, Port] = {}  # node -> processes whose sum it sends
        self.layouts = layouts(graph)  # node -> (C, H, W) or (N,), which Lava keeps as (W, H, C)
        self.delayed: dict[tuple[int, Port], str] = {}
        self.scaled: dict[tuple[str, int], str] = {}

    def network(self) -> LavaNetwork:
        for name in self.graph.order():
            self._node(self.graph.nodes[name])
        units = [Unit(unit, tuple(n.name for n in nodes)) for unit, nodes in self.graph.units().items()]
        return LavaNetwork(
            name=self.graph.name,
            timesteps=self.graph.timesteps,
            integer=self.graph.is_integer,
            processes=tuple(self.processes.values()),
            units=tuple(units),
            reduction=self.graph.readout.reduction,
            arrays=self.arrays,
        )

    def _node(self, node: Node) -> None:
        if isinstance(node, Input):
            coding = {"scale": node.scale or 1.0, "bits": node.bits} if self.graph.is_integer else {}
            self._own(node, "source", (coding, {}))
        elif isinstance(node, Flatten | LI):  # weights are put into the order of one, the other is in its neuron
            self.sent[node.name] = self._port(node.name)
            return
        elif isinstance(node, SYNAPSES):
            self._synapse(node)
            return
        elif isinstance(node, Pool):
            values = pool_parameters(node, self._arriving_layout(node))
            self._own(node, "pool", values)
        elif isinstance(node, LIF | LoihiLIF):
            values = lif_parameters(self.graph, node)
            self._own(node, "lif" if node.reset == "hard" else "soft_lif", values)
        elif isinstance(node, Readout):
            bias = readout_bias(self.graph)
            values = ({"shape": list(node.shape)}, {} if bias is None else {"bias": bias})
            self._own(node, "sink", values, self._arriving_layout(node))
        self.sent[node.name] = _sum_of(node.name)

    def _synapse(self, node: Conv2d | Linear) -> None:
        arriving = self._arriving_layout(node)
        kind = "conv" if isinstance(node, Conv2d) else "dense"
        values = (
            conv_parameters(node, arriving, self.graph.is_integer)
            if isinstance(node, Conv2d)
            else dense_parameters(node, arriving, self.graph.is_integer)
        )
        port = self._port(node.name)
        one_bit = self.binary and self.graph.arriving(node.name).kind == "spikes"
        parts = [frozenset({source}) for source in sorted(port)] if one_bit else [port]
        if one_bit and any(gain != 1 or not self._is_binary(sender) for sender, gain, _ in port):
            raise InputError(
                f"Synapse {node.name!r} takes pooled values or a population with a gain, which a one-bit message "
                "cannot carry; use graded messages."
            )
        names = [node.name] if len(parts) == 1 else [f"{node.name}_of_{next(iter(p))[0]}" for p in parts]
        values[0]["graded"] = not one_bit
        shape = to_lava_shape(node.shape)
        drafts = [Draft(name, kind, shape, values, steps=1, owner=node.name) for name in names]
        self.sent[node.name] = _sum_of(*(self._add(draft, part) for draft, part in zip(drafts, parts, strict=True)))

    def _is_binary(self, sender: str) -> bool:
        """True for populations, and for an input that sends events 0 or 1."""
        node = self.graph.nodes[sender]
        return isinstance(node, LIF | LoihiLIF) or (isinstance(node, Input) and node.levels == 1)

    def _port(self, name: str) -> Port:
        """Everything that arrives at a node; parallel edges from one process add their gains."""
        gains: dict[tuple[str, int], int] = {}
        for edge in self.graph.into(name):
            if edge.delay < 0:
                raise InputError(f"Edge {edge.source} -> {edge.target} has the delay {edge.delay}; run balance_delays.")
            for sender, gain, delay in self.sent[edge.source]:
                key = sender, delay + edge.delay
                gains[key] = gains.get(key, 0) + gain * edge.gain
        return frozenset((sender, gain, delay) for (sender, delay), gain in gains.items() if gain)

    def _connect(self, port: Port) -> list[str]:
        """Processes to connect for a port: its undelayed sources, and one Delay for all others."""
        now = sorted((source, gain) for source, gain, delay in port if delay == 0)
        later = frozenset(entry for entry in port if entry[2] > 0)
        names = [self._with_gain(source, gain) for source, gain in now]
        if later:
            shortest = min(delay for _, _, delay in later)
            names.append(self._delay(shortest, frozenset((s, g, d - shortest) for s, g, d in later)))
        return names

    def _delay(self, steps: int, port: Port) -> str:
        if (steps, port) not in self.delayed:
            name = f"delay_{len(self.delayed)}"
            shape = self.processes[next(iter(port))[0]].shape
            self.delayed[steps, port] = self._add(Draft(name, "delay", shape, ({"delay": steps}, {}), steps), port)
        return self.delayed[steps, port]

    def _with_gain(self, source: str, gain: int) -> str:
        if gain == 1:
            return source
        if (source, gain) not in self.scaled:
            name, shape = f"gain_{len(self.scaled)}", self.processes[source].shape
            port = frozenset({(source, 1, 0)})
            self.scaled[source, gain] = self._add(Draft(name, "gain", shape, ({"gain": gain}, {})), port)
        return self.scaled[source, gain]

    def _own(self, node: Node, kind: str, values: Values, layout: Shape | None = None) -> None:
        """The one process of a node, of its own layout unless another is given; nothing arrives at a source."""
        port: Port = frozenset() if kind == "source" else self._port(node.name)
        self._add(Draft(node.name, kind, to_lava_shape(layout or node.shape), values, owner=node.name), port)

    def _add(self, draft: Draft, port: Port) -> str:
        """Name of the new process, which is that of no other node."""
        sources, name = tuple(self._connect(port)), draft.name
        while name in self.processes or (name in self.graph.nodes and name != draft.owner):
            name += "_"
        params, arrays = draft.values
        kept = {key: f"{draft.owner or name}/{key}" for key in arrays}
        self.arrays.update({kept[key]: array for key, array in arrays.items()})
        depth = self._depth(name, sources) + draft.steps
        self.processes[name] = Process(name, draft.kind, draft.shape, depth, sources, params, kept)
        return name

    def _depth(self, name: str, sources: tuple[str, ...]) -> int:
        found: Mapping[str, int] = {source: self.processes[source].depth for source in sources}
        if len(set(found.values())) > 1:
            early = min(found, key=lambda source: found[source])
            raise InputError(
                f"At {name!r} the values of {early!r} arrive {max(found.values()) - found[early]} steps early; run "
                "balance_delays before exporting to Lava."
            )
        return next(iter(found.values()), 0)

    def _arriving_layout(self, node: Node) -> Shape:
        return self.layouts[self.graph.into(node.name)[0].source]


def _sum_of(*processes: str) -> Port:
    return frozenset((process, 1, 0) for process in processes)
