"""Cutting channels out of a unit and out of everything that has an axis for them.

Possible in a plain chain: every synapse before the unit is a Conv2d with groups 1 or a Linear that feeds this unit
alone, and behind it, through pools and flattens, come Conv2d with groups 1 or Linear, none of which takes anything
else. A residual sum, a group, a unit without a synapse on either side keeps the channel.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from snnhw.graph.ir import Array, Conv2d, Flatten, Graph, Linear, Node, Pool


def keep_channels(graph: Graph, unit: str, kept: Array) -> Graph | None:
    """`graph` with only the channels `kept` of `unit`, or None where the graph does not allow it.

    Args:
        graph: any graph.
        unit: a key of `graph.units()`.
        kept: channel numbers, at least one.
    """
    members = graph.units()[unit]
    names = {n.name for n in members}
    before = _producers(graph, names)
    behind = _consumers(graph, names)
    if before is None or behind is None:
        return None
    channels = members[0].shape[0]
    nodes: dict[str, Node] = dict(graph.nodes)
    for name in before:
        nodes[name] = _fewer_outputs(graph.nodes[name], kept)
    for node in members:
        nodes[node.name] = _sliced(node, kept)
    for name in behind:
        nodes[name] = _fewer_inputs(graph.nodes[name], kept, channels)
    return graph.replace(nodes=nodes)


def _producers(graph: Graph, unit: set[str]) -> set[str] | None:
    """Synapses that feed the unit, if nothing else feeds it and they feed nothing else."""
    sources = {e.source for name in unit for e in graph.into(name)}
    for source in sources:
        node = graph.nodes[source]
        plain = isinstance(node, Linear) or (isinstance(node, Conv2d) and node.groups == 1)
        if not plain or not {e.target for e in graph.out_of(source)} <= unit:
            return None
    return sources or None


def _consumers(graph: Graph, unit: set[str]) -> set[str] | None:
    """Pools, flattens and synapses behind the unit, if they take nothing else."""
    found: set[str] = set()
    streams = [unit]
    while streams:
        sources = streams.pop()
        for target in {e.target for name in sources for e in graph.out_of(name)}:
            node = graph.nodes[target]
            takes_more = any(e.source not in sources for e in graph.into(target))
            if takes_more or not isinstance(node, Conv2d | Linear | Pool | Flatten):
                return None
            if isinstance(node, Conv2d) and node.groups != 1:
                return None
            found.add(target)
            if isinstance(node, Pool | Flatten):
                streams.append({target})
    return found or None


def _fewer_outputs(node: Node, kept: Array) -> Node:
    if not isinstance(node, Conv2d | Linear):
        raise TypeError(f"{node.name} is a {type(node).__name__}, and `_producers` gives synapses alone")
    bias = None if node.bias is None else node.bias[kept]
    return dataclasses.replace(node, shape=(len(kept), *node.shape[1:]), weight=node.weight[kept], bias=bias)


def _fewer_inputs(node: Node, kept: Array, channels: int) -> Node:
    if isinstance(node, Conv2d):
        return dataclasses.replace(node, weight=node.weight[:, kept])
    if isinstance(node, Linear):
        rows = node.weight.reshape(len(node.weight), channels, -1)[:, kept]
        unfolded = None if node.unfolded_inputs is None else node.unfolded_inputs // channels * len(kept)
        return dataclasses.replace(node, weight=rows.reshape(len(node.weight), -1), unfolded_inputs=unfolded)
    if isinstance(node, Flatten):
        return dataclasses.replace(node, shape=(node.size // channels * len(kept),))
    return dataclasses.replace(node, shape=(len(kept), *node.shape[1:]))


def _sliced(node: Node, kept: Array) -> Node:
    """A neuron with its parameters along the channel axis cut; what broadcasts along it stays."""
    changes: dict[str, Any] = {"shape": (len(kept), *node.shape[1:])}
    for field in dataclasses.fields(node):
        value = getattr(node, field.name)
        if isinstance(value, np.ndarray) and value.ndim == len(node.shape) and value.shape[0] > 1:
            changes[field.name] = value[kept]
    return dataclasses.replace(node, **changes)


def zero_rows(synapse: Conv2d | Linear, rows: Sequence[int]) -> Node:
    """`synapse` with zeros for the weights and biases of the output channels `rows`."""
    weight, bias = synapse.weight.copy(), None if synapse.bias is None else synapse.bias.copy()
    weight[rows] = 0
    if bias is not None:
        bias[rows] = 0
    return dataclasses.replace(synapse, weight=weight, bias=bias)
