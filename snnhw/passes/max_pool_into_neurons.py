"""Pass: max pools of spikes into neurons that forget, because hardware has synapses and neurons and no pools.

The largest of binary spikes is an OR: a depthwise convolution of ones over the window, and neurons that fire above 1/2
and keep nothing. They fire in the step of the spikes, one synapse deeper (`balance_delays`). Where levels are nested
(`MLF.nested`) K levels are K such pools: max(sum_k s_k) = sum_k max(s_k). Of any other sum of spikes 0..L, neurons
[sum >= k] for k = 1..L come first, which are nested: max(sum) = sum_k max[sum >= k].

Postcondition: a `MaxPool` is left only where values arrive that are no sums of spikes, or where a window sees nothing
but its border, which torch makes minus infinity. Spikes are the same. What is made says so: `identity` of the synapses,
`LIF.pool` of the neurons. They cost a chip neurons and synops, which counts of the graph before do not have.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from snnhw.graph.ir import LIF, MLF, Conv2d, Edge, Graph, MaxPool, Node, SlotMLF
from snnhw.graph.names import free_name
from snnhw.passes.decompose import channels_of
from snnhw.passes.identity_synapses import identity_synapse, passing_on

HALF = 0.5  # between no spike and one


def max_pool_into_neurons(graph: Graph) -> Graph:
    """Graph whose max pools of spikes are neurons.

    Raises:
        InputError: the graph has a cycle without a delay.
    """
    for name in graph.order(loops=True) if graph.of_type(MaxPool) else ():
        node = graph.nodes[name]
        if isinstance(node, MaxPool) and is_pool_of_spikes(graph, node):
            graph = _replaced(graph, node)
    return graph


def is_pool_of_spikes(graph: Graph, pool: MaxPool) -> bool:
    """Whether neurons can compute a max pool: sums of spikes arrive, some of them in every window."""
    into = graph.into(pool.name)
    if not into or graph.signal(pool.name).kind != "spikes" or graph.is_integer or graph.of_type(SlotMLF):
        return False
    window = pool.window((graph.nodes[into[0].source].shape[1], graph.nodes[into[0].source].shape[2]))
    return all((window.inside(axis).sum(axis=1) > 0).all() for axis in (0, 1))


def pool_neurons(graph: Graph, pool: MaxPool) -> int:
    """How many neurons the pass makes of a max pool of spikes."""
    made = _replaced(graph, pool)
    return sum(node.size for node in made.of_type(LIF) if node.pool == pool.name)


def _replaced(graph: Graph, pool: MaxPool) -> Graph:
    graph, senders, gain = _binary(graph, pool)
    taken = {name for name in graph.nodes if name != pool.name}
    made: list[Node] = []
    edges = [e for e in graph.edges if pool.name not in (e.source, e.target)]
    behind = graph.out_of(pool.name)
    for level, arriving in enumerate(senders, start=1):
        name = pool.name if len(senders) == 1 else free_name(f"{pool.name}_l{level}", taken)
        window = _window(free_name(f"{name}_window", taken), pool)
        neuron = LIF(name=name, shape=pool.shape, decay=0.0, threshold=HALF, pool=pool.name)
        taken |= {name, window.name}
        made += [window, neuron]
        edges += [dataclasses.replace(edge, target=window.name) for edge in arriving]
        edges.append(Edge(window.name, name))
        edges += [dataclasses.replace(e, source=name, gain=e.gain * gain) for e in behind]
    nodes = [n for node in graph.nodes.values() for n in (made if node.name == pool.name else [node])]
    return graph.replace(nodes=nodes, edges=tuple(edges))


def _binary(graph: Graph, pool: MaxPool) -> tuple[Graph, list[list[Edge]], int]:
    """Graph in which nested binary spikes lead to the pool, the edges of each level, and how often each counts."""
    into = graph.into(pool.name)
    alone = graph.nodes[into[0].source] if len(into) == 1 else None
    if alone is not None and graph.signal(alone.name).levels == 1:
        return graph, [[dataclasses.replace(into[0], gain=1)]], into[0].gain
    if isinstance(alone, MLF) and alone.nested:
        channels = channels_of(alone, graph.nodes)
        graph = _in_place(graph, alone, channels, list(graph.into(alone.name)))
        return graph, [[Edge(n.name, pool.name)] for n in channels], into[0].gain
    channels = _nested(graph, into)
    if channels:
        return graph, [[Edge(n.name, pool.name)] for n in channels], into[0].gain
    levels = graph.arriving(pool.name).levels
    shape = graph.nodes[into[0].source].shape
    unit = MLF(
        name=free_name(f"{pool.name}_sum", graph.nodes),
        shape=shape,
        thresholds=tuple(HALF + k for k in range(levels)),
        decay=0.0,
    )
    channels = [dataclasses.replace(n, pool=pool.name) for n in channels_of(unit, graph.nodes)]
    synapse = identity_synapse(free_name(f"{unit.name}_identity", graph.nodes), shape)
    nodes = [n for node in graph.nodes.values() for n in ((synapse, *channels, node) if node is pool else (node,))]
    edges = [dataclasses.replace(e, target=synapse.name) if e.target == pool.name else e for e in graph.edges]
    edges += [Edge(synapse.name, n.name) for n in channels]
    edges += [Edge(n.name, pool.name) for n in channels]
    return graph.replace(nodes=nodes, edges=tuple(edges)), [[Edge(n.name, pool.name)] for n in channels], 1


def _nested(graph: Graph, into: tuple[Edge, ...]) -> list[LIF]:
    """The channels of one unit or of one pool, of nested levels, where the edges are those of all of them, alike."""
    first = graph.nodes[into[0].source]
    if not isinstance(first, LIF) or len({edge.gain for edge in into}) > 1:
        return []
    of_pool = bool(first.pool) and not first.unit
    same = [n for n in graph.of_type(LIF) if n.pool == first.pool and not n.unit] if of_pool else ()
    channels = [n for n in same or graph.units()[first.unit_name] if isinstance(n, LIF) and n.is_level]
    if sorted(n.name for n in channels) != sorted(edge.source for edge in into):
        return []
    if of_pool:
        return channels
    thresholds, decays = tuple(float(n.threshold) for n in channels), {float(n.decay) for n in channels}
    whole = MLF(name=first.name, shape=first.shape, thresholds=thresholds, decay=decays.pop())
    return channels if not decays and whole.nested else []


def _in_place(graph: Graph, unit: MLF, channels: list[LIF], arriving: list[Edge]) -> Graph:
    """`graph` with the channels of one unit in its place."""
    nodes = [n for node in graph.nodes.values() for n in (channels if node is unit else [node])]
    edges = [e for e in graph.edges if unit.name not in (e.source, e.target)]
    edges += [dataclasses.replace(e, target=n.name) for e in arriving for n in channels]
    edges += [dataclasses.replace(e, source=n.name) for e in graph.out_of(unit.name) for n in channels]
    return graph.replace(nodes=nodes, edges=tuple(edges))


def _window(name: str, pool: MaxPool) -> Conv2d:
    """Ones over the window of a pool, each channel for itself."""
    one = passing_on(name, pool.shape)
    ones = np.broadcast_to(one.weight, (*one.weight.shape[:2], *pool.kernel)).copy()
    return dataclasses.replace(one, weight=ones, stride=pool.stride, padding=pool.padding, dilation=pool.dilation)
