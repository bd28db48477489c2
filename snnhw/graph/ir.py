"""The typed graph that every pass, simulator, exporter and counter works on.

Nodes (`nodes.py`, `neurons.py`) are frozen values, edges are identity connections, and several edges into one node are
summed: a residual sum is explicit fan-in, so each branch keeps its own spikes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeVar

from snnhw.errors import InputError
from snnhw.glance import Summarised, Summary
from snnhw.graph import signals
from snnhw.graph.edge import Edge, Signal
from snnhw.graph.finding import Finding
from snnhw.graph.host import GroupNorm, HostNode, MaxPool
from snnhw.graph.ilif import ILIF
from snnhw.graph.neurons import LIF, MLF, LoihiLIF, Neuron, SlotMLF
from snnhw.graph.nodes import (
    LI,
    REDUCTIONS,
    SYNAPSES,
    Array,
    Conv2d,
    Delay,
    DType,
    Flatten,
    Input,
    Linear,
    Node,
    Norm,
    Pool,
    Readout,
    Reduction,
    Scale,
    Synapse,
)
from snnhw.graph.product import Product
from snnhw.graph.shapes import Pair, Window
from snnhw.graph.wires import Wires

__all__ = [
    "ILIF",
    "LI",
    "LIF",
    "MLF",
    "REDUCTIONS",
    "SYNAPSES",
    "Array",
    "Conv2d",
    "DType",
    "Delay",
    "Edge",
    "Flatten",
    "Graph",
    "GroupNorm",
    "HostNode",
    "Input",
    "Linear",
    "LoihiLIF",
    "MaxPool",
    "Neuron",
    "Node",
    "Norm",
    "Pair",
    "Pool",
    "Product",
    "Readout",
    "Reduction",
    "Scale",
    "Signal",
    "SlotMLF",
    "Synapse",
    "Window",
    "Wires",
]

NODE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
N = TypeVar("N", bound=Node)


@dataclass(frozen=True, eq=False, repr=False)
class Graph(Summarised):
    """Nodes by name, edges, and the number of time steps a sample lasts. Immutable: passes return new graphs.

    `findings` is what the reader of a file had to assume or change; `modules` says of a traced graph which module of
    the network each node is: node -> path. `longest` is the largest T for which it is the network that it was made of,
    where a pass has used that runs are no longer (`decompose`, `remove_dead`); None: any T.
    """

    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]
    timesteps: int
    name: str = "network"
    findings: tuple[Finding, ...] = ()
    modules: Mapping[str, str] = field(default_factory=dict)
    longest: int | None = None

    @staticmethod
    def build(
        nodes: Iterable[Node],
        edges: Iterable[Edge | tuple[str, str]],
        timesteps: int,
        name: str = "network",
        findings: tuple[Finding, ...] = (),
        modules: Mapping[str, str] | None = None,
        longest: int | None = None,
    ) -> Graph:
        """Graph from its parts.

        Raises:
            InputError: a name is used twice or is not an identifier, an edge ends at an unknown node, or a sample lasts
                no step or more than `longest`.
        """
        by_name: dict[str, Node] = {}
        for node in nodes:
            if not NODE_NAME.match(node.name):
                raise InputError(f"Node name {node.name!r} is no identifier; rename it with letters, digits and '_'.")
            if node.name in by_name:
                raise InputError(f"Two nodes are called {node.name!r}; rename one of them.")
            by_name[node.name] = node
        typed = tuple(e if isinstance(e, Edge) else Edge(*e) for e in edges)
        for edge in typed:
            for end in (edge.source, edge.target):
                if end not in by_name:
                    raise InputError(
                        f"Edge {edge.source} -> {edge.target} names the unknown node {end!r}; add it or drop the edge."
                    )
        if timesteps < 1:
            raise InputError(f"A sample lasts {timesteps} time steps; give at least 1.")
        if longest is not None and timesteps > longest:
            raise InputError(
                f"{name!r} was made for runs of T = {longest}, and in runs of T = {timesteps} it is another network; "
                f"make it again from the model that it comes from, with --timesteps {timesteps}."
            )
        return Graph(by_name, typed, timesteps, name, findings, dict(modules or {}), longest)

    def replace(
        self,
        *,
        nodes: Mapping[str, Node] | Iterable[Node] | None = None,
        edges: tuple[Edge, ...] | None = None,
        timesteps: int | None = None,
        name: str | None = None,
        findings: tuple[Finding, ...] | None = None,
        longest: int | None = None,
    ) -> Graph:
        """Copy with fields changed; of nodes by name, the nodes are taken.

        Raises:
            InputError: as `build`.
        """
        kept = self.nodes if nodes is None else nodes
        return Graph.build(
            kept.values() if isinstance(kept, Mapping) else kept,
            self.edges if edges is None else edges,
            self.timesteps if timesteps is None else timesteps,
            self.name if name is None else name,
            self.findings if findings is None else findings,
            self.modules,
            self.longest if longest is None else longest,
        )

    def of_type(self, *kinds: type[N]) -> tuple[N, ...]:
        """Nodes of the given kinds, in graph order."""
        return tuple(n for n in self.nodes.values() if isinstance(n, kinds))

    def into(self, name: str) -> tuple[Edge, ...]:
        """Edges that end at `name`; what they carry is summed."""
        return self._into.get(name, ())

    def out_of(self, name: str) -> tuple[Edge, ...]:
        """Edges that start at `name`."""
        return self._out_of.get(name, ())

    def summary(self) -> Summary:
        """Size of the graph; a notebook shows its picture (`snnhw.analysis.report.notebook`)."""
        kinds = Counter(type(node).__name__ for node in self.nodes.values())
        return Summary(
            f"Graph {self.name!r}",
            (
                ("time steps", str(self.timesteps)),
                ("nodes", f"{len(self.nodes):,}: " + ", ".join(f"{n:,} {kind}" for kind, n in kinds.items())),
                ("edges", f"{len(self.edges):,}"),
            ),
        )

    @cached_property
    def _into(self) -> dict[str, tuple[Edge, ...]]:
        return _by_end(self.edges, "target")

    @cached_property
    def _out_of(self) -> dict[str, tuple[Edge, ...]]:
        return _by_end(self.edges, "source")

    @property
    def input(self) -> Input:
        """The one input node."""
        return _only(self, Input)

    @property
    def readout(self) -> Readout:
        """The one readout node.

        Raises:
            InputError: there are several, which are named, or none.
        """
        found = self.readouts
        if len(found) > 1:
            raise InputError(
                f"{self.name} has {len(found)} outputs ({', '.join(n.name for n in found)}) where one is needed; keep "
                "one Output in the file, or return one of them from the module."
            )
        return _only(self, Readout)

    @property
    def readouts(self) -> tuple[Readout, ...]:
        """Every readout node, the one that labels are compared with first."""
        return self.of_type(Readout)

    @property
    def is_integer(self) -> bool:
        """True when the neurons are Loihi integers."""
        return any(isinstance(n, LoihiLIF) for n in self.nodes.values())

    def order(self, *, loops: bool = False) -> tuple[str, ...]:
        """Node names, sources before targets (Kahn 1962), stable with respect to the order of `nodes`.

        With `loops`, a late `Delay` may come before its sources: it sends what arrived in earlier steps.

        Raises:
            InputError: the graph has a cycle (with `loops`: one without a late `Delay`); its nodes are named.
        """
        waiting = {name: len(self.into(name)) for name in self.nodes}
        if loops:
            waiting.update(dict.fromkeys((n.name for n in self.of_type(Delay) if n.late), 0))
        ready = [name for name, n in waiting.items() if n == 0]
        done: list[str] = []
        while ready:
            name = ready.pop(0)
            done.append(name)
            for edge in self.out_of(name):
                waiting[edge.target] -= 1
                if waiting[edge.target] == 0:
                    ready.append(edge.target)
        if len(done) < len(self.nodes):
            cycle = ", ".join(sorted(set(self.nodes) - set(done)))
            raise InputError(f"The graph has a cycle through or before {cycle}; cut the loop.")
        return tuple(done)

    def reached(self, names: Iterable[str], *, forward: bool = True) -> frozenset[str]:
        """`names` and every node behind them; with `forward` False, every node before them."""
        seen = set(names)
        front = list(seen)
        while front:
            name = front.pop()
            edges = self.out_of(name) if forward else self.into(name)
            new = {edge.target if forward else edge.source for edge in edges} - seen
            seen |= new
            front.extend(new)
        return frozenset(seen)

    def units(self) -> dict[str, tuple[Neuron, ...]]:
        """Multi-level units: unit name -> its neurons by ascending level. An MLF, ILIF or SlotMLF is one of its own."""
        found: dict[str, list[Neuron]] = {}
        for node in self.nodes.values():
            if isinstance(node, Neuron):
                found.setdefault(node.unit_name, []).append(node)
        return {unit: tuple(sorted(neurons, key=_level)) for unit, neurons in found.items()}

    def signal(self, name: str) -> Signal:
        """What node `name` sends: its kind and, for spikes, the largest integer (sums and pools pass spikes on)."""
        return signals.sent(self, name)

    def arriving(self, name: str) -> Signal:
        """What the sum of all edges into `name` carries."""
        return signals.arriving(self, name)

    def factors(self, name: str) -> tuple[tuple[Edge, ...], tuple[Edge, ...]]:
        """The edges that bring the left and the right factor of the product `name`."""
        return signals.factors(self, name)

    def factor_levels(self, name: str) -> tuple[int | None, int | None]:
        """Of both factors of the product `name`, the largest integer of their spikes; None where one is no spikes."""
        return signals.factor_levels(self, name)


def _level(neuron: Neuron) -> int:
    return neuron.level if isinstance(neuron, LIF | LoihiLIF) else 1


def _by_end(edges: tuple[Edge, ...], end: Literal["source", "target"]) -> dict[str, tuple[Edge, ...]]:
    lists: dict[str, list[Edge]] = {}
    for edge in edges:
        lists.setdefault(getattr(edge, end), []).append(edge)
    return {name: tuple(found) for name, found in lists.items()}


def _only(graph: Graph, kind: type[N]) -> N:
    nodes = graph.of_type(kind)
    if len(nodes) != 1:
        raise InputError(
            f"Graph {graph.name!r} has {len(nodes)} {kind.__name__} nodes where one is needed; change it to one."
        )
    return nodes[0]
