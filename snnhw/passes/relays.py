"""Pass: relay neurons on branches that are early, for hardware that has synapses of one step and no delays.

Postcondition: all spikes into a node, and into the synapse nodes beside it, are equally old; edges carry no delay.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from snnhw.graph.ir import LIF, SYNAPSES, Edge, Graph, LoihiLIF, Neuron, Node
from snnhw.graph.loihi import DECAY_ONE
from snnhw.graph.names import free_name


def with_relays(graph: Graph) -> tuple[Graph, tuple[str, ...]]:
    """Graph in which all spikes into a node are equally old, and the relay neurons that this took.

    A spike arrives one step after it was sent, through a synapse node or straight into a neuron. Relays are for spikes:
    a branch is delayed in front of its synapse node.
    """
    latest = _latest(graph)
    named: dict[tuple[str, int], str] = {}  # (source, steps late) -> its relay
    relays: dict[str, Neuron] = {}
    edges: list[Edge] = []
    for name in graph.order():
        for edge in graph.into(name):
            source, sender = edge.source, graph.nodes[edge.source]
            early = 0 if isinstance(sender, SYNAPSES) else latest[name] - _sent(graph, latest, edge.source)
            for late in range(1, early + 1):
                relay = named.setdefault(
                    (edge.source, late), free_name(f"{edge.source}_late{late}", graph.nodes, relays)
                )
                if relay not in relays:
                    relays[relay] = _relay(relay, sender, graph.is_integer)
                    edges.append(Edge(source, relay))
                source = relay
            edges.append(dataclasses.replace(edge, source=source, delay=0))
    return graph.replace(nodes=[*graph.nodes.values(), *relays.values()], edges=tuple(edges)), tuple(relays)


def _relay(name: str, sender: Node, integer: bool) -> Neuron:
    """Neurons that send one step later what they take: a spike is more than their threshold, and they forget."""
    if integer:
        silent = np.zeros(1, np.int16)
        return LoihiLIF(
            name=name, shape=sender.shape, threshold=0, du=DECAY_ONE - 1, dv=DECAY_ONE - 1, bias_mant=silent, bias_exp=0
        )
    return LIF(name=name, shape=sender.shape, decay=0.0, threshold=0.5)


def _latest(graph: Graph) -> dict[str, int]:
    """Node -> step in which the youngest spikes that it takes, or that its targets take beside it, were sent."""
    latest: dict[str, int] = {}
    for name in graph.order():
        if not isinstance(graph.nodes[name], SYNAPSES):
            latest[name] = max((_sent(graph, latest, sender) for sender in _senders(graph, name)), default=0)
    for name, node in graph.nodes.items():
        if isinstance(node, SYNAPSES):
            targets = [e.target for e in graph.out_of(name) if not isinstance(graph.nodes[e.target], SYNAPSES)]
            latest[name] = max((latest[target] for target in targets), default=0)
    return latest


def _sent(graph: Graph, latest: dict[str, int], name: str) -> int:
    """Step in which a node sends what entered the network in step 0."""
    return latest[name] + bool(graph.into(name)) if name in latest else 0


def _senders(graph: Graph, name: str) -> list[str]:
    """What sends spikes to a node, straight or through one synapse node."""
    found: list[str] = []
    for edge in graph.into(name):
        through = isinstance(graph.nodes[edge.source], SYNAPSES)
        found += [e.source for e in graph.into(edge.source)] if through else [edge.source]
    return found
