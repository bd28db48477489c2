"""Loops of a graph made causal: what goes round arrives one step later.

NIR has no delay on edges and says nothing about loops; every framework feeds the spikes of the previous step back.
The edges that leave a neuron and lead back into its own past get a `Delay` of one step, before the recurrent weights,
so that their bias acts from the first step on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from snnhw.errors import InputError
from snnhw.graph.finding import Finding
from snnhw.graph.ir import LI, LIF, Delay, Edge, Flatten, Node, Pool
from snnhw.graph.names import free_name

PASSING = (Delay, Flatten, Pool)  # neither state nor weights of their own


def with_causal_loops(
    nodes: Mapping[str, Node], edges: Sequence[Edge]
) -> tuple[dict[str, Node], list[Edge], tuple[Finding, ...]]:
    """(nodes, edges, one finding per delayed edge); unchanged where there is no loop without a late `Delay`.

    Raises:
        InputError: a loop has neither a neuron nor weights in it.
    """
    late = _closing_edges(nodes, edges)
    found = dict(nodes)
    delayed: dict[str, str] = {}
    findings: list[Finding] = []
    out: list[Edge] = []
    for i, edge in enumerate(edges):
        if i not in late:
            out.append(edge)
            continue
        if edge.source not in delayed:
            name = free_name(f"{edge.source}_previous", found)
            delayed[edge.source] = name
            found[name] = Delay(name=name, shape=nodes[edge.source].shape, steps=1)
            out.append(Edge(edge.source, name))
        out.append(Edge(delayed[edge.source], edge.target, edge.gain, edge.delay))
        findings.append(
            Finding(
                "loop-delayed",
                "info",
                edge.source,
                f"{edge.source} -> {edge.target} closes a loop; what it carries arrives one step later",
                "none needed: frameworks do the same",
            )
        )
    return found, out, tuple(findings)


def _closing_edges(nodes: Mapping[str, Node], edges: Sequence[Edge]) -> set[int]:
    """Indices of edges to delay: for each edge that closes a loop (depth first), the nearest edges behind a neuron."""
    out: dict[str, list[int]] = {n: [] for n in nodes}
    into: dict[str, list[int]] = {n: [] for n in nodes}
    for i, edge in enumerate(edges):
        out[edge.source].append(i)
        into[edge.target].append(i)
    passing = {n: [i for i in out[n] if isinstance(nodes[n], PASSING)] for n in nodes}
    for i in _back_edges(nodes, edges, passing):
        raise InputError(f"The loop through {edges[i].source!r} has no neuron and no weights; remove it.")
    open_out = {n: [i for i in out[n] if not _is_late(nodes[edges[i].target])] for n in nodes}
    late: set[int] = set()
    for i in _back_edges(nodes, edges, open_out):
        late |= _behind_neurons(nodes, edges, out, into, i)
    return late


def _is_late(node: Node) -> bool:
    return isinstance(node, Delay) and node.late


def _behind_neurons(
    nodes: Mapping[str, Node],
    edges: Sequence[Edge],
    out: Mapping[str, list[int]],
    into: Mapping[str, list[int]],
    closing: int,
) -> set[int]:
    """Edges that leave neurons and lead to `closing` only; `closing` itself where other paths meet in between."""
    found: set[int] = set()
    seen: set[int] = set()
    front = [closing]
    while front:
        i = front.pop()
        source = edges[i].source
        if i in seen:
            continue
        seen.add(i)
        if isinstance(nodes[source], LIF | LI):
            found.add(i)
        elif len(out[source]) == 1 and into[source]:
            front.extend(into[source])
        else:
            return {closing}
    return found or {closing}


def _back_edges(nodes: Mapping[str, Node], edges: Sequence[Edge], out: Mapping[str, list[int]]) -> list[int]:
    """Edges whose target is among the ancestors of their source in a depth-first walk in node order."""
    state = dict.fromkeys(nodes, 0)  # 0 unseen, 1 on the path, 2 done
    found: list[int] = []
    for root in nodes:
        if state[root]:
            continue
        state[root] = 1
        path = [(root, iter(out[root]))]
        while path:
            name, rest = path[-1]
            for i in rest:
                target = edges[i].target
                if state[target] == 1:
                    found.append(i)
                elif state[target] == 0:
                    state[target] = 1
                    path.append((target, iter(out[target])))
                    break
            else:
                state[name] = 2
                path.pop()
    return found
