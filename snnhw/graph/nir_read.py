"""`RawGraph` -> typed graph: nesting flattened, shapes passed along the edges, loops made causal, metadata put back."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from snnhw.errors import InputError
from snnhw.graph.finding import Finding
from snnhw.graph.ir import NODE_NAME, Edge, Graph, Input, Node
from snnhw.graph.nir_dialect import DIALECTS
from snnhw.graph.nir_fields import Context, Shape
from snnhw.graph.nir_file import RawGraph, RawNode
from snnhw.graph.nir_flatten import IDENTITY, FlatGraph, flattened, input_shape
from snnhw.graph.nir_loops import with_causal_loops
from snnhw.graph.nir_meta import KEY, Metadata
from snnhw.graph.nir_parse import MAX_ELEMENTS, parse
from snnhw.graph.nir_restore import restore

DEFAULT_DT = 1e-4  # seconds; what snnTorch, SpikingJelly and the Lava script of the NIR paper assume
DEFAULT_TIMESTEPS = 16
TIMED = ("LIF", "LI", "CubaLIF", "CubaLI", "Delay")
LAST_WITHOUT_RESET = (1, 0, 5)


def graph_from_raw(
    raw: RawGraph,
    *,
    dt: float | None = None,
    timesteps: int | None = None,
    reset: Literal["hard", "subtract"] = "hard",
    discretisation: Literal["euler", "exponential"] = "euler",
    name: str = "network",
) -> tuple[Graph, tuple[Finding, ...]]:
    """(graph, findings); neurons are channels, `unit` and `level` set where metadata says them.

    Raises:
        InputError: the file cannot be understood; the node and the remedy are named.
    """
    context = Context(DEFAULT_DT, form=discretisation, reset=reset, predates_reset=_predates_reset(raw.version))
    meta = _metadata(raw, context)
    if meta is not None and meta.dialect in DIALECTS:
        context.form = "exponential" if DIALECTS[meta.dialect].form == "exponential" else "euler"
    flat = flattened(raw, context)
    context.dt = _time_step(flat, dt, meta, context)
    context.lift = any(node.type == "Conv1d" for node in flat.nodes.values())
    walk = _Walk(flat, _typed_names(flat.nodes, meta, context), context)
    walk.run()
    nodes, edges = walk.nodes, _without_carriers(flat, walk, meta)
    if meta is not None:
        targets: dict[str, set[str]] = {}
        for edge in edges:
            targets.setdefault(edge.source, set()).add(edge.target)
        nodes = restore(nodes, walk.raws, targets, meta, context)
        edges = _with_delays(edges, meta)
    else:
        _say_assumptions(nodes, context)
    nodes, edges, found = with_causal_loops(nodes, edges)
    context.findings.extend(found)
    steps = timesteps or (meta.timesteps if meta else _assumed_timesteps(context))
    order = meta.order if meta and len(meta.order) == len(nodes) and set(meta.order) == set(nodes) else tuple(nodes)
    known = {"folded_pool": dict(meta.folded_pool)} if meta and meta.folded_pool else {}
    graph = Graph.build([nodes[n] for n in order], edges, steps, meta.name if meta else name, known)
    return graph, tuple(context.findings)


@dataclass
class _Walk:
    """Parses nodes in the order in which shapes become known, from the input on."""

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
                raise InputError(f"Nothing leads from the input to {', '.join(lost[:5])}; connect or remove them.")
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


def _without_carriers(flat: FlatGraph, walk: _Walk, meta: Metadata | None) -> list[Edge]:
    """Edges in the file's order; nodes that stand for edges become gains of the edges through them."""
    carriers = dict.fromkeys(walk.passing, 1)
    if meta is not None:
        carriers |= {name: gain for name, gain in meta.carriers.items() if name in flat.nodes}
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


def _with_delays(edges: list[Edge], meta: Metadata) -> list[Edge]:
    """Edges with the delays of pipelined hardware, where gains agree with the file."""
    delayed: dict[tuple[str, str], list[Edge]] = {}
    for source, target, gain, delay in meta.delays:
        delayed.setdefault((source, target), []).append(Edge(source, target, gain, delay))
    out: list[Edge] = []
    for edge in edges:
        parts = delayed.get((edge.source, edge.target), [])
        out.extend(parts if parts and sum(e.gain for e in parts) == edge.gain else [edge])
    return out


def _metadata(raw: RawGraph, context: Context) -> Metadata | None:
    text = raw.metadata.get(KEY)
    if text is None:
        return None
    try:
        return Metadata.from_json(str(text))
    except ValueError as error:
        context.find(
            "metadata-unreadable",
            "warning",
            "",
            f"the snnhw metadata of the file is not usable: {error}",
            "write the file again with snnhw export; it is now read as a foreign file",
        )
        return None


def _time_step(flat: FlatGraph, dt: float | None, meta: Metadata | None, context: Context) -> float:
    if dt is not None:
        if not (np.isfinite(dt) and dt > 0):
            raise InputError(f"The time step is {dt}; give a positive number of seconds with --dt.")
        return dt
    if meta is not None:
        return meta.dt
    if any(node.type in TIMED for node in flat.nodes.values()):
        context.dt_assumed = True
        context.find(
            "dt-assumed",
            "warning",
            "",
            f"the file has time constants but no time step; {DEFAULT_DT:g} s is taken",
            "give the step of the framework that trained it with --dt",
        )
    return DEFAULT_DT


def _predates_reset(version: str) -> bool:
    numbers = tuple(int(n) for n in re.findall(r"\d+", version)[:3])
    return numbers <= LAST_WITHOUT_RESET


def _assumed_timesteps(context: Context) -> int:
    context.find(
        "timesteps-assumed",
        "warning",
        "",
        f"the file does not say how many time steps a sample lasts; {DEFAULT_TIMESTEPS} are taken",
        "give --timesteps",
    )
    return DEFAULT_TIMESTEPS


def _say_assumptions(nodes: Mapping[str, Node], context: Context) -> None:
    context.find(
        "readout-assumed",
        "info",
        list(nodes)[-1],
        "NIR does not say how outputs are read; their mean over time is taken",
        "none needed, unless the network was trained otherwise",
    )
    if context.lift:
        context.find(
            "conv1d-as-conv2d",
            "info",
            "",
            "the network is one-dimensional; shapes (channels, length) are read as (channels, 1, length)",
            "give inputs of shape [N, channels, 1, length]",
        )


def _typed_names(files: Mapping[str, RawNode], meta: Metadata | None, context: Context) -> dict[str, str]:
    """Name in the file -> identifier, unique; ours where metadata gives it."""
    names: dict[str, str] = {}
    taken = set(files)
    for file_name, node in files.items():
        wanted = meta.names.get(file_name, file_name) if meta else file_name
        ours = wanted
        if not NODE_NAME.match(ours):
            ours = re.sub(r"[^A-Za-z0-9_]", "_", ours)
            ours = ours if NODE_NAME.match(ours) else f"n{ours}"
        while ours != file_name and ours in taken:
            ours += "_"
        if ours != wanted and node.type != IDENTITY:
            context.find("renamed", "info", ours, f"the node is called {file_name!r} in the file", "none needed")
        names[file_name] = ours
        taken.add(ours)
    return names
