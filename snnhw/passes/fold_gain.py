"""Pass: gains behind a synapse node into its weights and its bias; neurons of hardware add currents as they are.

Postcondition: edges from Conv2d and Linear nodes into neurons have gain 1. A synapse node of which targets take
different multiples becomes one for each of them; the first target's keeps the name. Values are unchanged up to
rounding, and exactly for gains that are powers of two and their negatives.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from snnhw.graph.ir import SYNAPSES, Edge, Graph, Neuron, Node, Synapse
from snnhw.graph.names import free_name


def fold_gain(graph: Graph) -> Graph:
    """Graph whose neurons take what synapses send once."""
    made: dict[tuple[str, int], str] = {}  # (synapse, gain) -> the node that sends so much
    nodes: dict[str, Node] = {}
    for node in graph.nodes.values():
        nodes[node.name] = node
        if not isinstance(node, SYNAPSES):
            continue
        out = graph.out_of(node.name)
        gains = [e.gain for e in out if isinstance(graph.nodes[e.target], Neuron)]
        kept = 1 if len(gains) < len(out) or not gains else gains[0]  # other targets take it as it is
        for gain in dict.fromkeys((kept, *gains)):
            own = node.name if gain == kept else free_name(f"{node.name}_x{gain}".replace("-", "m"), graph.nodes, nodes)
            nodes[own] = _scaled(node, gain, own)
            made[node.name, gain] = own
    edges: list[Edge] = []
    for edge in graph.edges:
        behind = isinstance(graph.nodes[edge.source], SYNAPSES) and isinstance(graph.nodes[edge.target], Neuron)
        source, gain = (made[edge.source, edge.gain], 1) if behind else (edge.source, edge.gain)
        copies = [name for (synapse, _), name in made.items() if synapse == edge.target] or [edge.target]
        edges += [dataclasses.replace(edge, source=source, target=target, gain=gain) for target in copies]
    return graph.replace(nodes=nodes, edges=tuple(edges)) if any(gain != 1 for _, gain in made) else graph


def _scaled(node: Synapse, gain: int, name: str) -> Synapse:
    if gain == 1:
        return dataclasses.replace(node, name=name)
    bias = None if node.bias is None else node.bias.astype(np.float64) * gain
    return dataclasses.replace(node, name=name, weight=node.weight.astype(np.float64) * gain, bias=bias)
