"""Pass: relay neurons on branches that are early, for hardware that has synapses of one step and no delays.

Postcondition: all spikes into a node, and into the synapse nodes beside it, are equally old; edges carry no delay.
"""

from __future__ import annotations

import dataclasses

from snnhw.graph.ir import LIF, SYNAPSES, Edge, Graph
from snnhw.graph.names import free_name


def with_relays(graph: Graph) -> tuple[Graph, tuple[str, ...]]:
    """Graph in which all spikes into a node are equally old, and the relay neurons that this took.

    A spike arrives one step after it was sent, through a synapse node or straight into a neuron.
    """
    age: dict[str, int] = {}
    named: dict[tuple[str, int], str] = {}  # (source, steps late) -> its relay
    relays: dict[str, LIF] = {}
    edges: list[Edge] = []
    for name in graph.order():
        node, into = graph.nodes[name], graph.into(name)
        latest = max((age[e.source] for e in into), default=0)
        if isinstance(node, SYNAPSES):
            latest = max([latest, *(age[e.source] for sister in _sisters(graph, name) for e in graph.into(sister))])
        for edge in into:
            source = edge.source
            for late in range(1, latest - age[edge.source] + 1):
                relay = named.setdefault((edge.source, late), free_name(f"{edge.source}_late{late}", graph.nodes, relays))
                if relay not in relays:
                    relays[relay] = LIF(name=relay, shape=graph.nodes[edge.source].shape, decay=0.0, threshold=0.5)
                    edges.append(Edge(source, relay))
                source = relay
            edges.append(dataclasses.replace(edge, source=source, delay=0))
        age[name] = latest + (0 if isinstance(node, SYNAPSES) or not into else 1)
    return graph.replace(nodes=[*graph.nodes.values(), *relays.values()], edges=tuple(edges)), tuple(relays)


def _sisters(graph: Graph, synapse: str) -> set[str]:
    """Synapse nodes that feed the same neurons."""
    targets = {e.target for e in graph.out_of(synapse)}
    return {e.source for t in targets for e in graph.into(t) if isinstance(graph.nodes[e.source], SYNAPSES)}
