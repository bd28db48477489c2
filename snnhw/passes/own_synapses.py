"""Pass: a synapse node that several units or the read-out take becomes one for each, which has integers of its own.

Postcondition: every Conv2d and Linear that reaches neurons or the read-out feeds the levels of one unit, or the
read-out, and nothing else. Values are unchanged; hardware does the work once for each copy.
"""

from __future__ import annotations

import dataclasses

from snnhw.graph.currents import unit_fed
from snnhw.graph.ir import SYNAPSES, Edge, Graph, Node, Readout
from snnhw.graph.names import free_name


def own_synapses(graph: Graph) -> Graph:
    """Graph in which the sums of a synapse node end in one unit, in the read-out, or in neither.

    Raises:
        InputError: the graph has a cycle.
    """
    for name in reversed(graph.order(loops=True)):
        if isinstance(graph.nodes[name], SYNAPSES):
            graph = _split(graph, name)
    return graph


def _split(graph: Graph, name: str) -> Graph:
    by_owner: dict[str, list[Edge]] = {}
    for edge in graph.out_of(name):
        by_owner.setdefault(_owner(graph.nodes[edge.target]), []).append(edge)
    copies: list[Node] = []
    edges = list(graph.edges)
    for owner in sorted(by_owner, key=bool)[1:]:  # what takes sums otherwise keeps the node itself
        copy = dataclasses.replace(graph.nodes[name], name=free_name(f"{name}_of_{owner}", graph.nodes))
        copies.append(copy)
        edges = [dataclasses.replace(e, source=copy.name) if e in by_owner[owner] else e for e in edges]
        edges += [dataclasses.replace(e, target=copy.name) for e in graph.into(name)]
    if not copies:
        return graph
    nodes = [kept for node in graph.nodes.values() for kept in ((node, *copies) if node.name == name else (node,))]
    return graph.replace(nodes=nodes, edges=tuple(edges))


def _owner(target: Node) -> str:
    """The unit of a neuron or of its current, the read-out, or "" for everything else."""
    return target.name if isinstance(target, Readout) else unit_fed(target)
