"""Pass: wires behind wires as one, and none that change nothing.

Postcondition: wires that take other wires take something else beside them, and each moves something. So a transpose
that the next call takes back is gone, and a normalisation between the two stands behind the layer that takes it.
Values are unchanged.
"""

from __future__ import annotations

import dataclasses

from snnhw.graph.ir import Graph, Wires


def join_wires(graph: Graph) -> Graph:
    """Graph with as few wires as values move by."""
    while (shorter := _shorter(graph)) is not None:
        graph = shorter
    return graph


def without_loose_ends(graph: Graph, names: set[str]) -> Graph:
    """`graph` without those nodes of `names` that feed nothing any more."""
    while True:
        idle = {name for name in names if name in graph.nodes and not graph.out_of(name)}
        if not idle:
            return graph
        nodes = [n for n in graph.nodes.values() if n.name not in idle]
        graph = graph.replace(nodes=nodes, edges=tuple(e for e in graph.edges if e.target not in idle))


def _shorter(graph: Graph) -> Graph | None:
    """`graph` with one wire after another as one, or without those that change nothing; None where there are none."""
    for wires in graph.of_type(Wires):
        into = graph.into(wires.name)
        if wires.changes_nothing:
            behind = graph.out_of(wires.name)
            through = [dataclasses.replace(o, source=i.source, gain=i.gain * o.gain) for i in into for o in behind]
            kept = [e for e in graph.edges if wires.name not in (e.source, e.target)]
            nodes = [n for n in graph.nodes.values() if n is not wires]
            return graph.replace(nodes=nodes, edges=(*kept, *through))
        before = graph.nodes[into[0].source] if len(into) == 1 else None
        if isinstance(before, Wires):
            gain = into[0].gain
            moved = [dataclasses.replace(e, target=wires.name, gain=e.gain * gain) for e in graph.into(before.name)]
            nodes = [before.then(wires) if n is wires else n for n in graph.nodes.values()]
            edges = (*(e for e in graph.edges if e is not into[0]), *moved)
            return without_loose_ends(graph.replace(nodes=nodes, edges=edges), {before.name})
    return None
