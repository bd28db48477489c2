"""Pass: explicit delays on the edges that are early, so that pipelined hardware adds values of the same time step.

On Loihi-style hardware every synapse costs one step: depth(synapse) = depth(its sources) + 1, neurons and sums cost
none; a unit in S time slots decides at the end of its window, S - 1 sub-steps late. Precondition: no cycle.
Postcondition: all edges into a node have equal depth(source) + delay (`check_balance`).
"""

from __future__ import annotations

import dataclasses

from snnhw.errors import InputError
from snnhw.graph.ir import SYNAPSES, Edge, Graph, Node, SlotMLF


def balance_delays(graph: Graph) -> Graph:
    """Graph whose edges carry the missing steps; delays that are already there are replaced."""
    depth: dict[str, int] = {}
    edges: dict[Edge, Edge] = {}
    for name in graph.order():
        into = graph.into(name)
        latest = max((depth[e.source] for e in into), default=0)
        for edge in into:
            edges[edge] = dataclasses.replace(edge, delay=latest - depth[edge.source])
        depth[name] = latest + _cost(graph.nodes[name])
    return check_balance(graph.replace(edges=tuple(edges[e] for e in graph.edges)))


def depths(graph: Graph) -> dict[str, int]:
    """Steps from the input to the output of every node, delays included.

    Raises:
        InputError: edges of unequal depth meet in a node; the edge that is early is named.
    """
    depth: dict[str, int] = {}
    for name in graph.order():
        arrivals = {edge: depth[edge.source] + edge.delay for edge in graph.into(name)}
        latest = max(arrivals.values(), default=0)
        for edge, arrival in arrivals.items():
            if arrival != latest:
                raise InputError(
                    f"Edge {edge.source} -> {edge.target} arrives {latest - arrival} steps early; "
                    "give the graph of compile_channels or compile_loihi, which has the delays that make up for it."
                )
        depth[name] = latest + _cost(graph.nodes[name])
    return depth


def _cost(node: Node) -> int:
    if isinstance(node, SlotMLF):
        return node.slots - 1
    return 1 if isinstance(node, SYNAPSES) else 0


def check_balance(graph: Graph) -> Graph:
    """`graph` itself.

    Raises:
        InputError: edges of unequal depth meet in a node.
    """
    depths(graph)
    return graph
