"""Pass: scales into the weights beside them, because hardware multiplies in synapses alone.

A scale moves behind flattenings and delays, and behind pools where it is one number per channel. In front of a layer it
enters the columns of the weights, W (a x) = (W a) x; behind one that feeds nothing else it enters the rows, a (W x + b)
= (a W) x + a b; between spikes and neurons it becomes a synapse of its own, of one weight per channel, or per value of
a row. A layer that takes other things too is split, and the first part keeps the bias. Exact up to rounding. A scale
that differs within the channel of a convolution stays: no kernel can say it.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from snnhw.graph.currents import unit_fed
from snnhw.graph.ir import (
    SYNAPSES,
    Array,
    Delay,
    Edge,
    Flatten,
    Graph,
    Linear,
    Node,
    Pool,
    Readout,
    Scale,
    Synapse,
)
from snnhw.graph.names import free_name
from snnhw.passes.identity_synapses import identity_synapse


def fold_scale(graph: Graph) -> Graph:
    """Graph whose scales are in weights, where these can say the same."""
    while (changed := _step(graph)) is not None:
        graph = changed
    return graph


def _step(graph: Graph) -> Graph | None:
    for scale in graph.of_type(Scale):
        for edge in graph.out_of(scale.name):
            target = graph.nodes[edge.target]
            changed = None
            if isinstance(target, Flatten | Delay | Pool) and len(graph.into(target.name)) == 1:
                changed = _behind(graph, scale, target)
            elif isinstance(target, SYNAPSES):
                changed = _into_columns(graph, scale, edge, target)
            elif isinstance(target, Readout):
                changed = _into_rows(graph, scale)
            elif unit_fed(target):
                changed = _into_rows(graph, scale) or _as_synapse(graph, scale)
            if changed is not None:
                return changed
    return None


def _behind(graph: Graph, scale: Scale, passing: Node) -> Graph | None:
    """`graph` where one target of a scale comes before it."""
    values = _along(scale)
    if isinstance(passing, Pool):
        channels = _per_channel(scale)
        if channels is None:
            return None
        values = np.broadcast_to(channels[:, None, None], passing.shape)
    moved = Scale(
        name=free_name(f"{scale.name}_behind_{passing.name}", graph.nodes),
        shape=passing.shape,
        scale=scale.scale if np.ndim(scale.scale) == 0 else values.reshape(passing.shape).copy(),
    )
    before = graph.into(scale.name)
    edges: list[Edge] = []
    for edge in graph.edges:
        if edge.source == scale.name and edge.target == passing.name:
            edges += [dataclasses.replace(e, target=passing.name, gain=e.gain * edge.gain) for e in before]
        else:
            edges.append(dataclasses.replace(edge, source=moved.name) if edge.source == passing.name else edge)
    edges.append(Edge(passing.name, moved.name))
    nodes = [n for node in graph.nodes.values() for n in ((node, moved) if node is passing else (node,))]
    return _without_loose_end(graph.replace(nodes=nodes, edges=tuple(edges)), scale.name)


def _into_columns(graph: Graph, scale: Scale, edge: Edge, layer: Synapse) -> Graph | None:
    """`graph` where a layer has the scale in front of it in its weights."""
    if isinstance(layer, Linear):
        if layer.unfolded_inputs is not None:
            return None
        weight = layer.weight * _along(scale)
    else:
        channels = _per_channel(scale)
        if channels is None:
            return None
        groups, size = layer.groups, layer.weight.shape[1]
        columns = np.repeat(channels.reshape(groups, 1, size), layer.shape[0] // groups, axis=1)
        weight = layer.weight * columns.reshape(-1, size, 1, 1)
    alone = len(graph.into(layer.name)) == 1
    part = dataclasses.replace(
        layer,
        name=layer.name if alone else free_name(f"{layer.name}_{scale.name}", graph.nodes),
        weight=weight,
        bias=layer.bias if alone else None,
    )
    arriving = [dataclasses.replace(e, target=part.name, gain=e.gain * edge.gain) for e in graph.into(scale.name)]
    kept = [e for e in graph.edges if e is not edge]
    behind = [] if alone else [dataclasses.replace(e, source=part.name) for e in graph.out_of(layer.name)]
    put = (part,) if alone else (layer, part)
    nodes = [n for node in graph.nodes.values() for n in (put if node is layer else (node,))]
    return _without_loose_end(graph.replace(nodes=nodes, edges=(*kept, *arriving, *behind)), scale.name)


def _into_rows(graph: Graph, scale: Scale) -> Graph | None:
    """`graph` where the layers before a scale have it in their weights."""
    into = graph.into(scale.name)
    layers = [node for edge in into if isinstance(node := graph.nodes[edge.source], SYNAPSES)]
    alone = all([e.target for e in graph.out_of(layer.name)] == [scale.name] for layer in layers)
    rows = _along(scale) if len(scale.shape) == 1 else _per_channel(scale)
    if len(layers) < len(into) or not into or not alone or rows is None:
        return None
    nodes: dict[str, Node] = {n.name: n for n in graph.nodes.values() if n is not scale}
    for layer in layers:
        column = rows.reshape((-1,) + (1,) * (layer.weight.ndim - 1))
        bias = None if layer.bias is None else layer.bias * rows
        nodes[layer.name] = dataclasses.replace(layer, weight=layer.weight * column, bias=bias)
    through = [
        dataclasses.replace(e, target=behind.target, gain=e.gain * behind.gain)
        for e in into
        for behind in graph.out_of(scale.name)
    ]
    edges = (*(e for e in graph.edges if scale.name not in (e.source, e.target)), *through)
    return graph.replace(nodes=nodes, edges=edges)


def _as_synapse(graph: Graph, scale: Scale) -> Graph | None:
    """`graph` with a synapse of the scale's weights in its place."""
    if any(isinstance(graph.nodes[e.source], SYNAPSES) for e in graph.into(scale.name)):
        return None
    one = identity_synapse(scale.name, scale.shape)
    values = _along(scale) if isinstance(one, Linear) else _per_channel(scale)
    if values is None:
        return None
    weight = one.weight * values.reshape((-1,) + (1,) * (one.weight.ndim - 1))
    synapse = dataclasses.replace(one, weight=weight)
    return graph.replace(nodes=[synapse if n is scale else n for n in graph.nodes.values()])


def _along(scale: Scale) -> Array:
    """Its factors in a row, float64."""
    return np.broadcast_to(np.asarray(scale.scale, dtype=np.float64), scale.shape).ravel()


def _per_channel(scale: Scale) -> Array | None:
    """Its factor of each channel, None where it differs within one."""
    rows = _along(scale).reshape(scale.shape[0], -1)
    return rows[:, 0].copy() if bool((rows == rows[:, :1]).all()) else None


def _without_loose_end(graph: Graph, name: str) -> Graph:
    if graph.out_of(name):
        return graph
    nodes = [n for n in graph.nodes.values() if n.name != name]
    return graph.replace(nodes=nodes, edges=tuple(e for e in graph.edges if e.target != name))
