"""Along the edges of a flat NIR graph: every node parsed once the shape that reaches it is known.

`PARSERS` is the only place where a NIR type is wired in. A parser takes the raw node, its name, the shape that arrives
and the reading context; it gives the typed nodes in the order in which the signal passes them, the last one called as
the NIR node.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from snnhw.errors import InputError
from snnhw.graph.ir import Edge, Input, Node
from snnhw.graph.shapes import Shape
from snnhw.nir.file import RawNode
from snnhw.nir.metadata import Metadata
from snnhw.nir.read.carriers import say_changed, say_missing, stands_for
from snnhw.nir.read.fields import Context, shown
from snnhw.nir.read.flatten import IDENTITY, FlatGraph, input_shape
from snnhw.nir.read.layers import affine, conv1d, conv2d, delay, flatten, output, pool, scale
from snnhw.nir.read.neurons import cuba_li, cuba_lif, integrator, li, lif, threshold

MAX_ELEMENTS = 2**28  # of what one node sends

PARSERS: Mapping[str, Callable[[RawNode, str, Shape, Context], list[Node]]] = {
    "Affine": affine,
    "AvgPool2d": pool,
    "Conv1d": conv1d,
    "Conv2d": conv2d,
    "CubaLI": cuba_li,
    "CubaLIF": cuba_lif,
    "Delay": delay,
    "Flatten": flatten,
    "I": integrator,
    "IF": integrator,
    "LI": li,
    "LIF": lif,
    "Linear": affine,
    "Output": output,
    "Scale": scale,
    "SumPool2d": pool,
    "Threshold": threshold,
}


@dataclass
class Walk:
    """Parses nodes in the order in which shapes become known, from the input on.

    Results are in the fields from `nodes` on; names are those of the graph unless said otherwise.
    """

    flat: FlatGraph
    ours: Mapping[str, str]
    context: Context
    nodes: dict[str, Node] = field(default_factory=dict)  # by name in the graph
    raws: dict[str, RawNode] = field(default_factory=dict)  # what they were parsed from
    enter: dict[str, str] = field(default_factory=dict)  # name in the file -> first and last node that stand for it
    leave: dict[str, str] = field(default_factory=dict)
    inner: list[Edge] = field(default_factory=list)
    passing: set[str] = field(default_factory=set)  # nodes of the file that only pass on what arrives
    shapes: dict[str, Shape] = field(default_factory=dict)

    def run(self) -> None:
        """Parse all nodes.

        Raises:
            InputError: a node cannot be read, or shapes that meet are unequal.
        """
        self.context.taken |= {*self.ours, *self.ours.values()}
        into: dict[str, list[str]] = {n: [] for n in self.flat.nodes}
        out: dict[str, list[str]] = {n: [] for n in self.flat.nodes}
        for a, b in self.flat.edges:
            into[b].append(a)
            out[a].append(b)
        waiting = {n: len(sources) for n, sources in into.items()}
        ready = [n for n, node in self.flat.nodes.items() if node.type == "Input"]
        frontier: dict[str, None] = {}  # some source is known
        while len(self.shapes) < len(self.flat.nodes):
            if not ready:  # a loop: go on with a node of which some source is known
                ready = [n for n in frontier if n not in self.shapes][:1]
            if not ready:
                lost = sorted(set(self.flat.nodes) - set(self.shapes))
                raise InputError(
                    f"Nothing leads from the input to {', '.join(map(shown, lost[:5]))}; connect or remove them."
                )
            name = ready.pop(0)
            self._one(name, [self.shapes[s] for s in into[name] if s in self.shapes])
            frontier.pop(name, None)
            for target in out[name]:
                waiting[target] -= 1
                if target in self.shapes:
                    continue
                frontier[target] = None
                if waiting[target] == 0:
                    ready.append(target)
        for name, sources in into.items():
            if sources:
                self._common([self.shapes[s] for s in sources], self.ours[name])

    def _one(self, file_name: str, arriving: list[Shape]) -> None:
        raw, ours = self.flat.nodes[file_name], self.ours[file_name]
        if raw.type == "Input":
            shape = self.context.lifted(input_shape(self.flat, file_name))
            if int(np.prod(shape, dtype=object)) > MAX_ELEMENTS:
                raise InputError(
                    f"Input {ours!r} has the shape {list(shape)}, more than {MAX_ELEMENTS} values; reduce it."
                )
            chain: list[Node] = [Input(name=ours, shape=shape)]
        elif raw.type == IDENTITY:
            chain, shape = [], self._common(arriving, ours)
        else:
            shape = self._common(arriving, ours)
            chain = parse(raw, ours, shape, self.context)
        for node in chain:
            self._add(node, raw)
        self.inner.extend(Edge(a.name, b.name) for a, b in itertools.pairwise(chain))
        if chain:
            self.enter[file_name], self.leave[file_name] = chain[0].name, chain[-1].name
        else:
            self.passing.add(file_name)
        self.shapes[file_name] = chain[-1].shape if chain else shape

    def _add(self, node: Node, raw: RawNode) -> None:
        if node.name in self.nodes or (node.name != self.ours.get(node.name, node.name)):
            raise InputError(f"Two nodes would be called {node.name!r}; rename one of them in the file.")
        self.nodes[node.name] = node
        self.raws[node.name] = raw

    def _common(self, shapes: list[Shape], name: str) -> Shape:
        if len(set(shapes)) > 1:
            unequal = " and ".join(str(list(s)) for s in sorted(set(shapes)))
            raise InputError(
                f"Node {name!r} gets the shapes {unequal}, which must be equal to be summed; check the edges."
            )
        return shapes[0]


def without_carriers(flat: FlatGraph, walk: Walk, meta: Metadata | None) -> list[Edge]:
    """Edges in the file's order; nodes that stand for edges become gains of the edges through them."""
    carriers = dict.fromkeys(walk.passing, 1)
    if meta is not None:
        carriers |= _unchanged(flat, walk, meta.carriers)
    into: dict[str, list[str]] = {}
    for a, b in flat.edges:
        into.setdefault(b, []).append(a)
    behind: dict[str, list[tuple[str, int]]] = {}
    for name in _sources_first(carriers, into):
        behind[name] = [
            (source, gain * carriers[name])
            for s in into.get(name, [])
            for source, gain in (behind[s] if s in carriers else [(s, 1)])
        ]
        if len(behind[name]) > MAX_ELEMENTS // 2**10:
            raise InputError(f"Too many paths lead through {name!r}; simplify the subgraphs.")
    for name in carriers:
        if name not in walk.passing:
            walk.nodes.pop(walk.ours[name], None)
    edges = [
        Edge(walk.leave[source], walk.enter[b], gain)
        for a, b in flat.edges
        if b not in carriers
        for source, gain in (behind[a] if a in carriers else [(a, 1)])
    ]
    return edges + [edge for edge in walk.inner if edge.source in walk.nodes and edge.target in walk.nodes]


def _unchanged(flat: FlatGraph, walk: Walk, carriers: Mapping[str, int]) -> dict[str, int]:
    """Those of the metadata's carriers that the file holds as they were written; a finding for each of the others."""
    into: dict[str, list[str]] = {}
    out: dict[str, list[str]] = {}
    for a, b in flat.edges:
        into.setdefault(b, []).append(a)
        out.setdefault(a, []).append(b)
    found: dict[str, int] = {}
    for name, gain in carriers.items():
        if name not in flat.nodes:
            say_missing(name, walk.context)
            continue
        alone = name in into and walk.enter.get(name) == walk.leave.get(name)  # as one typed node
        node = walk.nodes.get(walk.leave.get(name, "")) if alone else None
        arriving = walk.shapes[into[name][0]] if alone else ()
        targets = [walk.nodes.get(walk.enter.get(b, "")) if b not in carriers else None for b in out.get(name, [])]
        if stands_for(node, gain, arriving, targets):
            found[name] = gain
        elif name not in walk.passing or gain != 1:
            say_changed(walk.ours[name] if name in walk.enter else "", gain, walk.context)
    return found


def _sources_first(carriers: Mapping[str, int], into: Mapping[str, list[str]]) -> list[str]:
    order: list[str] = []
    state: dict[str, int] = {}
    for root in carriers:
        stack = [(root, False)]
        while stack:
            name, finished = stack.pop()
            if finished:
                state[name] = 2
                order.append(name)
            elif name not in state:
                state[name] = 1
                stack.append((name, True))
                for source in into.get(name, []):
                    if source in carriers and state.get(source) == 1:
                        raise InputError(f"The loop through {source!r} has no neuron and no weights; remove it.")
                    if source in carriers:
                        stack.append((source, False))
    return order


def parse(raw: RawNode, name: str, arriving: Shape, context: Context) -> list[Node]:
    """Typed nodes of `raw`, none where it only passes on what arrives.

    Raises:
        InputError: the type is unknown, a field is missing, or its values or shapes cannot be.
    """
    if raw.type not in PARSERS:
        raise InputError(
            f"Node {name!r} is of the unknown NIR type {shown(raw.type)}; replace it by {', '.join(PARSERS)}."
        )
    nodes = PARSERS[raw.type](raw, name, arriving, context)
    for node in nodes:
        if node.size > MAX_ELEMENTS or any(n < 1 for n in node.shape):
            raise InputError(f"Node {name!r} would send the shape {list(node.shape)}; check the shapes in the file.")
    return nodes
