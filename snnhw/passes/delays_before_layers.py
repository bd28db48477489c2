"""Pass: delays of sums in front of the layers that make them, because hardware delays spikes.

A layer without a bias sends 0 before anything has arrived, so that W x[t - n] is the same on both sides of it. A delay
stays where a layer before it has a bias, which would act from the first step on, or feeds something else. Exact.
"""

from __future__ import annotations

import dataclasses

from snnhw.graph.ir import SYNAPSES, Delay, Edge, Graph
from snnhw.graph.names import free_name


def delays_before_layers(graph: Graph) -> Graph:
    """Graph whose delays take what layers without a bias take."""
    while (changed := _step(graph)) is not None:
        graph = changed
    return graph


def _step(graph: Graph) -> Graph | None:
    for delay in graph.of_type(Delay):
        into = graph.into(delay.name)
        layers = [node for edge in into if isinstance(node := graph.nodes[edge.source], SYNAPSES)]
        alone = all([e.target for e in graph.out_of(layer.name)] == [delay.name] for layer in layers)
        silent = all(layer.bias is None or not layer.bias.any() for layer in layers)
        if layers and len(layers) == len(into) and alone and silent and delay.uniform:
            return _swapped(graph, delay, into)
    return None


def _swapped(graph: Graph, delay: Delay, into: tuple[Edge, ...]) -> Graph:
    nodes = [n for n in graph.nodes.values() if n is not delay]
    edges = [e for e in graph.edges if delay.name not in (e.source, e.target)]
    for edge in into:
        for behind in graph.out_of(delay.name):
            edges.append(dataclasses.replace(behind, source=edge.source, gain=edge.gain * behind.gain))
        before = graph.into(edge.source)
        shape = graph.nodes[before[0].source].shape
        name = delay.name if edge is into[0] else free_name(f"{delay.name}_{edge.source}", {n.name for n in nodes})
        nodes.append(Delay(name=name, shape=shape, steps=delay.longest))
        edges = [dataclasses.replace(e, target=name) if e.target == edge.source else e for e in edges]
        edges.append(Edge(name, edge.source))
    return graph.replace(nodes=nodes, edges=tuple(edges))
