"""Pass: wires into the weights behind them, so that joined tensors become a sum of layers, one for each part.

A Conv2d with groups 1 that takes wires between channels becomes one convolution for each of them, of the weights of
the channels where they end: W_part[:, j] = W[:, c], c the channel that takes channel j. Wires that put equal borders
of zeros around an image become its padding. A Linear has the columns where the wires end. The first part keeps name and
bias; all feed what the layer fed. Exact: the same products are summed. Wires that send something twice stay, since
the copies would share their synapses afterwards; so do wires that leave something out, whose weights would be zeros,
and those that feed other nodes.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from snnhw.graph.ir import Conv2d, Edge, Flatten, Graph, Linear, Node, Synapse, Wires
from snnhw.graph.names import free_name
from snnhw.passes.join_wires import join_wires, without_loose_ends


def fold_wires(graph: Graph) -> Graph:
    """Graph in which layers take what is in front of wires, where their weights can say the same."""
    graph = join_wires(graph)
    for synapse in graph.of_type(Conv2d, Linear):
        while (smaller := _step(graph, synapse.name)) is not None:
            graph = smaller
    return graph


def _step(graph: Graph, name: str) -> Graph | None:
    """`graph` with the wires in front of synapse node `name` gone into its weights, None where it stays as it is."""
    node = graph.nodes[name]
    into = _through_flatten(graph, name)
    starts = [graph.nodes[edge.source] for edge in into]
    wires = [start for start in starts if isinstance(start, Wires)]
    if not isinstance(node, Conv2d | Linear) or not wires or len(wires) < len(starts):
        return None
    parts = [_behind(node, start) for start in wires]
    if any(part is None for part in parts):
        return None
    nodes: dict[str, Node] = dict(graph.nodes)
    edges = [edge for edge in graph.edges if edge.target != name]
    arriving: list[Edge] = []
    for i, (edge, start, part) in enumerate(zip(into, wires, parts, strict=True)):
        own = name if not i else free_name(f"{name}_{start.name}", nodes)
        nodes[own] = dataclasses.replace(part or node, name=own, bias=node.bias if not i else None)
        before = [dataclasses.replace(e, target=own, gain=e.gain * edge.gain) for e in graph.into(start.name)]
        behind = [] if not i else [dataclasses.replace(e, source=own) for e in graph.out_of(name)]
        arriving += [*before, *behind]
    passed = {e.target for w in wires for e in graph.out_of(w.name) if isinstance(graph.nodes[e.target], Flatten)}
    return without_loose_ends(graph.replace(nodes=nodes, edges=(*edges, *arriving)), {w.name for w in wires} | passed)


def _through_flatten(graph: Graph, name: str) -> tuple[Edge, ...]:
    """Edges into a synapse node; those into the flatten in front of a Linear, which takes any shape."""
    into = graph.into(name)
    before = graph.nodes[into[0].source] if len(into) == 1 else None
    if isinstance(graph.nodes[name], Linear) and isinstance(before, Flatten):
        return tuple(dataclasses.replace(e, gain=e.gain * into[0].gain) for e in graph.into(before.name))
    return into


def _behind(node: Synapse, wires: Wires) -> Synapse | None:
    """The layer as it takes what is in front of `wires`, None where weights cannot say that."""
    used = np.unique(wires.source[wires.connected])
    if wires.copies or len(used) < math.prod(wires.taken):
        return None
    if isinstance(node, Linear):
        ends = wires.source.flatten()
        weight = np.zeros((len(node.weight), math.prod(wires.taken)), node.weight.dtype)
        weight[:, ends[ends >= 0]] = node.weight[:, ends >= 0]
        return dataclasses.replace(node, weight=weight) if node.unfolded_inputs is None else None
    channels, border = wires.channels, wires.border
    if border is not None:
        padding = (node.padding[0] + border[0], node.padding[1] + border[1])
        return dataclasses.replace(node, padding=padding)
    if channels is None or node.groups != 1:
        return None
    weight = np.zeros((node.weight.shape[0], wires.taken[0], *node.weight.shape[2:]), node.weight.dtype)
    weight[:, channels[channels >= 0]] = node.weight[:, channels >= 0]
    return dataclasses.replace(node, weight=weight)
