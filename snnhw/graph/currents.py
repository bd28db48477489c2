"""Current-based neurons (CubaLIF) in a graph: a leaky integrator that names the neuron whose current it is, and that.

Hardware has both in one compartment, so passes and rules ask here for what arrives at the pair.
"""

from __future__ import annotations

import dataclasses

from snnhw.graph.ir import LI, Edge, Graph, LoihiLIF, Neuron, Node


def is_current(node: Node) -> bool:
    """Whether a node is the synaptic current of a neuron."""
    return isinstance(node, LI) and bool(node.current_of)


def unit_fed(node: Node) -> str:
    """The unit of a neuron or of the current of one, "" for everything else."""
    if isinstance(node, Neuron):
        return node.unit_name
    return node.current_of if isinstance(node, LI) else ""


def current_before(graph: Graph, neuron: Neuron) -> LI | None:
    """The current of a neuron, where it takes that and nothing else, once and in the same step."""
    into = graph.into(neuron.name)
    if len(into) != 1 or (into[0].gain, into[0].delay) != (1, 0):
        return None
    current = graph.nodes[into[0].source]
    return current if isinstance(current, LI) and current.current_of == neuron.unit_name else None


def feeding(graph: Graph, neuron: Neuron) -> tuple[Edge, ...]:
    """The edges into a neuron, or into its current where it has one."""
    current = current_before(graph, neuron)
    return graph.into(neuron.name if current is None else current.name)


def currents_inside(graph: Graph) -> Graph:
    """`graph` whose integer neurons have their currents in them (`du`), so that these are no nodes any more."""
    inside = {
        node.name
        for node in graph.of_type(LI)
        if is_current(node) and any(isinstance(graph.nodes[e.target], LoihiLIF) for e in graph.out_of(node.name))
    }
    through = [
        dataclasses.replace(before, target=after.target)
        for name in inside
        for after in graph.out_of(name)
        for before in graph.into(name)
    ]
    edges = tuple(e for e in graph.edges if not {e.source, e.target} & inside)
    nodes = [n for n in graph.nodes.values() if n.name not in inside]
    return graph.replace(nodes=nodes, edges=(*edges, *through)) if inside else graph
