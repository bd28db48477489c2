"""Structural equality of two graphs: same nodes, fields, arrays (bit for bit, dtype included) and edges.

`graph_checksum` says the same of graphs in different processes.
"""

from __future__ import annotations

import dataclasses
import hashlib

import numpy as np

from snnhw.graph.ir import Edge, Graph, Node


def same_graph(a: Graph, b: Graph) -> bool:
    """True when `differences` finds none."""
    return not differences(a, b)


def differences(a: Graph, b: Graph) -> tuple[str, ...]:
    """One sentence per difference; empty when the graphs are the same but for name and metadata.

    The order of nodes does not matter; the order of the edges into one node does, because float sums follow it.
    """
    found: list[str] = []
    if a.timesteps != b.timesteps:
        found.append(f"Time steps: {a.timesteps} and {b.timesteps}.")
    for name in sorted(set(a.nodes) ^ set(b.nodes)):
        found.append(f"Node {name} is in the {'first' if name in a.nodes else 'second'} graph only.")
    for name in (n for n in a.nodes if n in b.nodes):
        found.extend(_node_differences(a.nodes[name], b.nodes[name]))
        mine, other = (_merged(g.into(name)) for g in (a, b))
        if mine != other:
            found.append(f"Node {name}: incoming edges {mine} and {other}.")
    return tuple(found)


def graph_checksum(graph: Graph) -> str:
    """sha256 of all that `differences` looks at, and of the order of the nodes."""
    digest = hashlib.sha256(f"{graph.timesteps}".encode())
    for node in graph.nodes.values():
        digest.update(f"\n{type(node).__name__} {_merged(graph.into(node.name))}".encode())
        for field in dataclasses.fields(node):
            value = getattr(node, field.name)
            if isinstance(value, np.ndarray):
                digest.update(f" {field.name} {value.shape} {value.dtype.str}".encode() + value.tobytes())
            else:
                digest.update(f" {field.name} {value!r}".encode())
    return digest.hexdigest()


def _merged(edges: tuple[Edge, ...]) -> list[tuple[str, int, int]]:
    """(source, delay, gain) in order, duplicates summed."""
    gains: dict[tuple[str, int], int] = {}
    for edge in edges:
        gains[edge.source, edge.delay] = gains.get((edge.source, edge.delay), 0) + edge.gain
    return [(source, delay, gain) for (source, delay), gain in gains.items()]


def _node_differences(a: Node, b: Node) -> list[str]:
    if type(a) is not type(b):
        return [f"Node {a.name}: {type(a).__name__} and {type(b).__name__}."]
    return [
        f"Node {a.name}: {field.name} differs."
        for field in dataclasses.fields(a)
        if not _same_value(getattr(a, field.name), getattr(b, field.name))
    ]


def _same_value(a: object, b: object) -> bool:
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        x, y = np.asarray(a), np.asarray(b)
        return x.shape == y.shape and x.dtype == y.dtype and x.tobytes() == y.tobytes()
    return a == b
