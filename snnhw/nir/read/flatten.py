"""Nested NIR graphs -> one flat graph with one input and one output.

A subgraph's Input and Output become `Identity` nodes, so that several edges into them are summed as everywhere else
(nirtorch takes only the first). A missing Input or Output is added where it can only be in one place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from snnhw.errors import InputError
from snnhw.graph.names import free_name
from snnhw.nir.file import RawGraph, RawNode
from snnhw.nir.read.fields import Context, array_of, shown

IDENTITY = "Identity"
MAX_DIMENSIONS = 8  # of what enters; no layer of NIR takes more than 3


@dataclass(frozen=True)
class FlatGraph:
    """Nodes by path (`<outer>.<inner>`) and edges between them; no subgraph is left."""

    nodes: Mapping[str, RawNode]
    edges: tuple[tuple[str, str], ...]


def flattened(raw: RawGraph, context: Context) -> FlatGraph:
    """`raw` without nesting, with exactly one Input, and with the Outputs that it has, or one.

    Raises:
        InputError: an edge ends nowhere or is there twice, or inputs and outputs are missing, too many or passed by.
    """
    plain = {name for name, node in raw.nodes.items() if isinstance(node, RawNode)}
    spread = _Spread(plain, context)
    spread.graph(raw, "")
    (a, b), times = Counter(spread.edges).most_common(1)[0] if spread.edges else (("", ""), 0)
    if times > 1:
        raise InputError(
            f"Edge {shown(a)} -> {shown(b)} is in the file twice, which NIR does not define; use a weight of 2 instead."
        )
    return _with_ports(spread.nodes, spread.edges, context)


class _Spread:
    """Collects the nodes and edges of a nested graph under names that are unique in all of it.

    `plain`: names of the nodes outside of subgraphs, which they keep.
    """

    def __init__(self, plain: set[str], context: Context) -> None:
        self.taken = set(plain)
        self.context = context
        self.nodes: dict[str, RawNode] = {}
        self.edges: list[tuple[str, str]] = []

    def graph(self, raw: RawGraph, prefix: str) -> dict[str, str]:
        """Take in `raw`; gives the flat name of each of its own nodes."""
        flat: dict[str, str] = {}
        enter: dict[str, str] = {}  # name at this level -> flat name that edges into it end at
        leave: dict[str, str] = {}
        for name, node in raw.nodes.items():
            if isinstance(node, RawNode):
                port = prefix and node.type in ("Input", "Output")
                flat[name] = enter[name] = leave[name] = self._unique(prefix, name)
                self.nodes[flat[name]] = RawNode(IDENTITY, node.fields) if port else node
                continue
            path = f"{prefix}{name}"
            inner = self.graph(node, f"{path}.")
            enter[name] = inner[_only_port(node, path, "Input")]
            leave[name] = inner[_only_port(node, path, "Output")]
        meant = self._misnamed(raw, prefix)
        for a, b in raw.edges:
            for end in (a, b):
                if end not in raw.nodes and end not in meant:
                    where = f" of subgraph {shown(prefix[:-1])}" if prefix else ""
                    raise InputError(
                        f"Edge {shown(a)} -> {shown(b)}{where} names the unknown node {shown(end)}; add the node or "
                        "drop the edge."
                    )
            self.edges.append((leave[meant.get(a, a)], enter[meant.get(b, b)]))
        return flat

    def _misnamed(self, raw: RawGraph, prefix: str) -> dict[str, str]:
        """The one name that edges lead into and out of and no node has -> the one node that no edge names.

        Files of the NIR paper (Pedersen et al. 2024) call the neurons of a recurrent layer so.
        """
        into, out = ({edge[end] for edge in raw.edges} for end in (1, 0))
        unknown = sorted((into | out) - set(raw.nodes))
        unnamed = sorted(set(raw.nodes) - into - out)
        if len(unknown) != 1 or len(unnamed) != 1 or unknown[0] not in into & out:
            return {}
        (name,), (node,) = unknown, unnamed
        message = f"edges name {shown(name)}, which is no node; the one node that no edge names is taken for it"
        self.context.find(
            "edge-misnamed", "warning", f"{prefix}{node}", message, "write the file again with the names of its nodes"
        )
        return {name: node}

    def _unique(self, prefix: str, name: str) -> str:
        path = f"{prefix}{name}"
        if not prefix:
            return path
        while path in self.taken:
            path += "_"
        self.taken.add(path)
        if path != f"{prefix}{name}":
            message = f"node {shown(name)} of subgraph {shown(prefix[:-1])} has the path of another node"
            self.context.find("path-taken", "info", path, message, "rename one of them in the file to tell them apart")
        return path


def _only_port(graph: RawGraph, path: str, kind: str) -> str:
    ports = [n for n, node in graph.nodes.items() if isinstance(node, RawNode) and node.type == kind]
    if len(ports) != 1:
        raise InputError(
            f"Subgraph {path!r} has {len(ports)} {kind} nodes where exactly one is needed; merge or add one."
        )
    return ports[0]


def _with_ports(nodes: dict[str, RawNode], edges: list[tuple[str, str]], context: Context) -> FlatGraph:
    nodes = dict(nodes)
    for kind, end, ends in (("Input", 1, "nothing leads into"), ("Output", 0, "nothing takes the output of")):
        ports = [n for n, node in nodes.items() if node.type == kind]
        if len(ports) > 1 and kind == "Input":
            raise InputError(f"The file has {len(ports)} {kind} nodes ({_listed(sorted(ports))}); keep exactly one.")
        if ports:
            continue
        connected = {edge[end] for edge in edges}
        loose = sorted(n for n in nodes if n not in connected)
        if len(loose) != 1:
            raise InputError(
                f"The file has no {kind} and {ends} {len(loose)} nodes ({_listed(loose)}); add an {kind} node."
            )
        port = free_name(kind.lower(), nodes)
        nodes[port] = RawNode(kind, {})
        edges = [*edges, (port, loose[0]) if kind == "Input" else (loose[0], port)]
        context.find(
            "port-added", "info", port, f"the file has no {kind} node; one is put at {loose[0]}", "none needed"
        )
    for a, b in edges:
        if nodes[a].type == "Output" or nodes[b].type == "Input":
            raise InputError(f"Edge {shown(a)} -> {shown(b)} leads out of an Output or into an Input; remove it.")
    return FlatGraph(nodes, tuple(edges))


def _listed(names: list[str]) -> str:
    return ", ".join(shown(name) for name in names[:5])


def without_batch_axis(flat: FlatGraph, context: Context) -> FlatGraph:
    """`flat` whose Input has no leading 1 beyond what a layer takes: exporters leave the batch of their sample there.

    A vector of shape [1, N] stays: layers take it, and its inputs are [samples, T, 1, N].
    """
    nodes = dict(flat.nodes)
    most = 2 if context.lift else 3  # axes of what enters a convolution
    for name, node in flat.nodes.items():
        shape = np.asarray(node.fields.get("shape", ())).ravel()
        if node.type == "Input" and shape.size == most + 1 and shape[0] == 1:
            nodes[name] = RawNode("Input", {**node.fields, "shape": shape[1:]})
            message = f"the Input has the shape {shown(shape)}, whose leading 1 is taken for a batch axis and dropped"
            context.find("batch-axis-dropped", "warning", name, message, "export the shape of one sample")
    return FlatGraph(nodes, flat.edges)


def input_shape(flat: FlatGraph, name: str) -> tuple[int, ...]:
    """Shape of the Input node `name`: as declared, else what its targets take.

    Raises:
        InputError: neither says it, or it is not a list of positive sizes.
    """
    node = flat.nodes[name]
    declared = node.fields.get("shape")
    if declared is not None and np.size(declared) > 0:
        sizes = array_of(node, "shape", name).reshape(-1)
        if len(sizes) > MAX_DIMENSIONS:
            raise InputError(f"Input {name!r} has {len(sizes)} dimensions; give at most {MAX_DIMENSIONS}.")
        if (sizes < 1).any() or (sizes != np.round(sizes)).any():
            raise InputError(f"Input {name!r} has the shape {shown(sizes)}; give positive whole sizes.")
        return tuple(int(n) for n in sizes)
    for a, b in flat.edges:
        if a == name:
            shape = _taken(flat.nodes[b], b)
            if shape is not None:
                return shape
    raise InputError(f"Input {name!r} has no shape and its targets do not say one; write the shape into the file.")


def _taken(node: RawNode, name: str) -> tuple[int, ...] | None:
    """Shape that a node takes by itself, None where it takes any."""
    if node.type in ("Affine", "Linear"):
        weight = array_of(node, "weight", name)
        return (weight.shape[-1],) if weight.ndim else None
    if node.type in ("Conv1d", "Conv2d") and np.size(node.fields.get("input_shape", ())):
        weight = array_of(node, "weight", name)
        groups = int(array_of(node, "groups", name).flat[0])
        channels = weight.shape[1] * groups if weight.ndim > 1 else 0
        return (channels, *(int(n) for n in array_of(node, "input_shape", name).reshape(-1)))
    for key in ("v_threshold", "v_leak", "threshold", "scale", "delay", "r"):
        if key in node.fields and array_of(node, key, name).ndim:
            return tuple(array_of(node, key, name).shape)
    return None
