"""Which spikes arrive where: the graph as rows of a counting table, one per neuron population plus the read-out.

Takes a folded graph, gives `Layer`s. Pools and flattens on spikes are passed through (a linear map that folds into the
synapses behind it), so a `Branch` runs from the unit that fires to the synapse node that its spikes meet. Branches that
meet in a residual sum stay separate: each sends its own spikes. What an operation is follows from the graph alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from snnhw.analysis.counting.products import is_dense, role
from snnhw.analysis.counting.sources import (
    PASSES,
    carries_spikes,
    levels_of,
    membranes_of,
    source_levels,
    spike_paths,
)
from snnhw.errors import InputError
from snnhw.graph.ir import (
    LI,
    SYNAPSES,
    Conv2d,
    Graph,
    GroupNorm,
    HostNode,
    Input,
    Linear,
    MaxPool,
    Neuron,
    Node,
    Norm,
    Pool,
    Product,
    Readout,
    Synapse,
)

LayerKind = Literal["first", "spiking", "readout", "product"]
COUNTED = (Input, *SYNAPSES, *PASSES, MaxPool, GroupNorm, Product, LI, Neuron, Readout)


@dataclass(frozen=True)
class Branch:
    """Spikes of one source on their way into one synapse node (or straight into a neuron: `synapse` None, identity)."""

    source: str  # unit, input that sends integer events, or max pool of spikes
    gains: tuple[int, ...]  # per level of the source: factor on the value, 0 where that level is not connected
    via: tuple[str, ...]  # pools, flattens and scales between source and synapse
    synapse: str | None  # or the product that they are a factor of
    summed: bool = False  # added to analogue values first: part of their multiply-accumulates, no synops of its own
    meets: bool = False  # a factor of a product of spikes: what it costs depends on the other one


@dataclass(frozen=True)
class Layer:
    """One row: a population, a product or the read-out, the synapse nodes before it, and where their input comes from.

    A sum that several populations read is computed once: the first of them `owns` its synapse nodes, with their
    operations, their parameters and their ANN twin's MACs. What a layout with a dendrite for each population has to
    place stands with every one of them, in `synapses` and `branches`: those that it `runs` and those that are `shared`.
    """

    name: str
    kind: LayerKind
    shape: tuple[int, ...]
    levels: int
    membranes: int  # of each neuron
    synapses: tuple[str, ...]
    owns: tuple[str, ...]
    runs: tuple[Branch, ...]  # into synapse nodes that it owns, or straight into it
    shared: tuple[Branch, ...]  # into synapse nodes of earlier rows
    analog: tuple[str, ...]  # synapse nodes, or the product, that get analogue values: one pass of multiply-accumulates
    pools: tuple[str, ...]  # owned pools that work on analogue values
    integrators: tuple[str, ...]  # owned leaky integrators in front, each a population with a state of its own
    currents: tuple[str, ...]  # owned synaptic currents of current-based neurons, which share their compartment
    host: tuple[str, ...]  # owned nodes that a host computes
    products: tuple[str, ...]  # products of which it reads the sums, which have rows of their own

    @property
    def branches(self) -> tuple[Branch, ...]:
        """Everything that arrives, whoever computes it."""
        return self.runs + self.shared


def layers(graph: Graph) -> tuple[Layer, ...]:
    """Rows of `graph`: populations and products by the order of their nodes, then the read-out if synapses feed it.

    Raises:
        InputError: the graph has Norm nodes (fold them first) or nodes of a kind that has no rule here, or the
            channels of a unit are fed differently.
    """
    norms = graph.of_type(Norm)
    if norms:
        raise InputError(
            f"Graph {graph.name!r} still has the Norm {norms[0].name!r}; count the graph of model_of, which "
            "has it in its weights."
        )
    for node in graph.nodes.values():
        if not isinstance(node, COUNTED):
            raise InputError(f"Node {node.name!r} is a {type(node).__name__}, which no rule counts; replace it.")
    rows: list[Layer] = []
    owned: set[str] = set()
    position = {name: i for i, name in enumerate(graph.nodes)}
    counted = {**graph.units(), **{node.name: (node,) for node in graph.of_type(Product)}}
    for name in sorted(counted, key=lambda row: min(position[n.name] for n in counted[row])):
        rows.append(_layer(graph, name, counted[name], owned))
    for readout in graph.of_type(Readout):
        row = _layer(graph, readout.name, (readout,), owned)
        if row.synapses:
            rows.append(row)
    return tuple(rows)


def synapse(graph: Graph, name: str) -> Synapse:
    """The synapse node called `name`."""
    node = graph.nodes[name]
    if not isinstance(node, Conv2d | Linear):
        raise InputError(f"Node {name!r} is a {type(node).__name__}, not a synapse; name a Conv2d or Linear.")
    return node


def _layer(graph: Graph, name: str, nodes: tuple[Node, ...], owned: set[str]) -> Layer:
    feeds = [sorted((e.source, e.gain) for e in graph.into(node.name)) for node in nodes]
    if any(feed != feeds[0] for feed in feeds):
        raise InputError(f"The channels of unit {name!r} are fed by different nodes; give each its own unit name.")
    walk, new = _Walk(graph, frozenset()), _Walk(graph, frozenset(owned))
    walk.into_target(nodes[0].name)
    new.into_target(nodes[0].name)
    host = tuple(name for name in _host(graph, nodes[0].name) if name not in owned)
    owned.update(new.synapses, new.pools, new.integrators, host)
    runs, shared = tuple(new.branches()), list(walk.branches())
    for branch in runs:
        shared.remove(branch)
    currents = tuple(name for name in new.integrators if _is_current(graph.nodes[name]))
    kind: LayerKind = "first" if new.meets_input else "spiking"
    kind = "readout" if isinstance(nodes[0], Readout) else "product" if isinstance(nodes[0], Product) else kind
    return Layer(
        name=name,
        kind=kind,
        shape=nodes[0].shape,
        levels=levels_of(nodes),
        membranes=membranes_of(nodes),
        synapses=tuple(walk.synapses),
        owns=tuple(new.synapses),
        runs=runs,
        shared=tuple(shared),
        analog=(*walk.analog, *((name,) if kind == "product" and is_dense(graph, name) else ())),
        pools=tuple(new.pools),
        integrators=tuple(name for name in new.integrators if name not in currents),
        currents=currents,
        host=host,
        products=tuple(walk.products),
    )


def _host(graph: Graph, target: str) -> list[str]:
    """Nodes that a host computes between `target` and the neurons and inputs before it."""
    found: list[str] = []
    front, seen = [target], {target}
    while front:
        for edge in graph.into(front.pop()):
            node = graph.nodes[edge.source]
            if node.name in seen or isinstance(node, Neuron | Input):
                continue
            seen.add(node.name)
            front.append(node.name)
            found += [node.name] if isinstance(node, HostNode) else []
    return found


def _is_current(node: Node) -> bool:
    return isinstance(node, LI) and bool(node.current_of)


class _Walk:
    """Upstream from a target to the spikes and the analogue values that reach it; not into the nodes in `done`."""

    def __init__(self, graph: Graph, done: frozenset[str]) -> None:
        self.graph = graph
        self.done = done
        self.synapses: list[str] = []
        self.analog: list[str] = []
        self.pools: list[str] = []
        self.integrators: list[str] = []
        self.products: list[str] = []
        self.meets_input = False
        self.found: dict[tuple[str, tuple[str, ...], str, int], dict[int, int]] = {}

    def into_target(self, name: str) -> None:
        """Find every synapse node between `name` and the nearest spikes; spikes without one are identity branches."""
        if not isinstance(self.graph.nodes[name], Readout):
            self._spikes_into(name)
        self._analog_into(name)

    def _synapse(self, name: str) -> None:
        if name in self.synapses:
            return
        self.synapses.append(name)
        self._spikes_into(name)
        if not all(carries_spikes(self.graph, edge.source) for edge in self.graph.into(name)):
            self.analog.append(name)
            self._analog_into(name)

    def _analog_into(self, name: str, *, dense: bool = False) -> None:
        """Find what computes the analogue values into `name`; `dense`: for a host, so that pools of spikes add, too."""
        for edge in self.graph.into(name):
            source = self.graph.nodes[edge.source]
            if source.name in self.done:
                continue
            if isinstance(source, SYNAPSES):
                self._synapse(source.name)
            elif isinstance(source, Input) and source.levels is None:
                self.meets_input = True
            elif isinstance(source, LI) and source.name not in self.integrators:
                self.integrators.append(source.name)
                self.into_target(source.name)
            elif isinstance(source, PASSES) and (dense or not carries_spikes(self.graph, source.name)):
                if isinstance(source, Pool) and source.name not in self.pools:
                    self.pools.append(source.name)
                self._analog_into(source.name, dense=dense)
            elif isinstance(source, Product) and source.name not in self.products:
                self.products += [] if carries_spikes(self.graph, source.name) else [source.name]
            elif isinstance(source, HostNode) and not carries_spikes(self.graph, source.name):
                self._analog_into(source.name, dense=True)

    def _spikes_into(self, name: str) -> None:
        seen: dict[tuple[str, tuple[str, ...], int], int] = {}
        for source, level, gain, via in spike_paths(self.graph, name, 1, ()):
            nth = seen.get((source, via, level), 0)
            seen[source, via, level] = nth + 1
            self.found.setdefault((source, via, name, nth), {})[level] = gain

    def branches(self) -> Iterator[Branch]:
        for (source, via, into, _), gains in self.found.items():
            levels, meets = source_levels(self.graph, source), into if into in self.synapses else None
            summed = into in self.analog or any(self._pools_sums(name) for name in via)
            by_level = tuple(gains.get(k, 0) for k in range(1, levels + 1))
            if isinstance(self.graph.nodes[into], Product):
                found = role(self.graph, into, source, via)
                yield Branch(source, by_level, found.via, found.synapse, summed or found.summed, found.meets)
            else:
                yield Branch(source, by_level, via, meets, summed)

    def _pools_sums(self, name: str) -> bool:
        return isinstance(self.graph.nodes[name], Pool) and not carries_spikes(self.graph, name)
