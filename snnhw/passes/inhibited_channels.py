"""Pass: integer neurons into D binary channels that inhibit each other, for chips with binary spikes and recurrence.

An ILIF takes off of its one membrane what all its levels send. As D neurons that never reset, each has that membrane if
the spikes of all of them come back one step later with the weight -decay * taken_off:
u[t] = decay * (u[t-1] - taken_off * s[t-1]) + x[t] = decay * u[t-1] + (x[t] - decay * taken_off * sum_k s_k[t-1]).

Precondition: none. Postcondition: no ILIF is left; those that `decompose` can take are its channels, the others have a
loop through a `Delay` of one step. Spikes are unchanged up to the rounding of that sum. It is what `work` counts of
such a unit as channels; Loihi integers, NIR and Lava do not take the loop yet.
"""

from __future__ import annotations

from snnhw.graph.ir import ILIF, LIF, Delay, Edge, Graph, Node, Scale
from snnhw.graph.names import free_name
from snnhw.passes.decompose import decompose, inseparable


def inhibited_channels(graph: Graph) -> Graph:
    """Graph with D LIF channels in place of each unit."""
    for unit in inseparable(graph):
        graph = _with_channels(graph, unit)
    return decompose(graph)


def _with_channels(graph: Graph, unit: ILIF) -> Graph:
    channels: list[LIF] = [
        LIF(
            name=free_name(f"{unit.name}_l{level}", graph.nodes),
            shape=unit.shape,
            decay=unit.decay,
            threshold=theta,
            v_reset=theta,
            reset="subtract",  # of nothing: what is taken off comes back through the loop
            unit=unit.name,
            level=level,
        )
        for level, theta in enumerate(unit.thresholds, start=1)
    ]
    late = Delay(name=free_name(f"{unit.name}_previous", graph.nodes), shape=unit.shape, steps=1)
    weight = Scale(
        name=free_name(f"{unit.name}_inhibition", graph.nodes), shape=unit.shape, scale=-unit.decay * unit.taken_off
    )
    names = [channel.name for channel in channels]
    edges: list[Edge] = [Edge(late.name, weight.name)]
    for name in names:
        edges += [Edge(name, late.name), Edge(weight.name, name)]
    for edge in graph.edges:
        sources = names if edge.source == unit.name else [edge.source]
        targets = names if edge.target == unit.name else [edge.target]
        edges += [Edge(source, target, edge.gain) for source in sources for target in targets]
    nodes: list[Node] = []
    for node in graph.nodes.values():
        nodes += [*channels, late, weight] if node.name == unit.name else [node]
    return graph.replace(nodes=nodes, edges=tuple(edges))
