"""Pass: each step becomes S sub-steps, in which every unit sends its value in unary on one binary channel.

S is the largest value that a unit or an event input sends. Precondition: floats, folded norms, no loops, units of
levels (MLF, ILIF) or of one level that reset to 0; a bias reaches its units or the read-out directly. Postcondition:
T*S steps, all neurons are `SlotMLF`, all spikes are binary. What arrives at a unit in a window is linear in the spikes,
so its sum over the sub-steps is what the multi-level value brings at once: level for level the same spikes. Biases
would be added S times; they move into the units, which add them once. A read-out that averages divides by T*S, so its
weights become S times as large; one that sums gets its bias in S parts (exact if S is a power of two).
"""

from __future__ import annotations

import dataclasses

import numpy as np

from snnhw.errors import InputError
from snnhw.graph.ir import (
    ILIF,
    LI,
    LIF,
    MLF,
    SYNAPSES,
    Array,
    Delay,
    Edge,
    Graph,
    GroupNorm,
    Input,
    MaxPool,
    Node,
    Norm,
    Product,
    Readout,
    SlotMLF,
    Synapse,
)
from snnhw.passes.decompose import otherwise, recompose


def decompose_slots(graph: Graph) -> Graph:
    """Graph with binary units and S times the steps; one that sends binary spikes anyway is given back as it is.

    Raises:
        InputError: a precondition fails; the node and the remedy are named.
    """
    graph = recompose(graph)
    units = {name: _whole(graph, nodes[0]) for name, nodes in _check(graph).units().items()}
    entering = graph.input.levels or 1
    slots = max([entering, *(unit.levels for unit in units.values())])
    if slots == 1:
        return graph
    ends = {e.source for e in graph.into(graph.readout.name)}
    biases: dict[str, Array] = {}
    nodes: list[Node] = []
    for node in graph.nodes.values():
        if isinstance(node, SYNAPSES):
            node = _last(graph, node, slots) if node.name in ends else _moved(graph, node, units, biases)
        nodes.append(node)
    longest = None if graph.longest is None else graph.longest * slots
    changed = [_in_slots(node, units, biases, slots) for node in nodes]
    edges = [_to_readout(graph, edge, slots) for edge in graph.edges]
    return graph.replace(nodes=changed, edges=tuple(edges), timesteps=graph.timesteps * slots, longest=longest)


def _check(graph: Graph) -> Graph:
    if graph.is_integer or graph.of_type(SlotMLF):
        raise InputError(f"Graph {graph.name!r} is compiled already; give the multi-level float network.")
    graph.order()
    for end in graph.of_type(Readout):
        if end.reduction not in ("mean", "sum"):
            raise InputError(
                f"Read-out {end.name!r} reads no sum over the steps, and time slots are added up; deploy as "
                f"{otherwise(graph)}."
            )
    for node in graph.of_type(Norm, LI):
        remedy = (
            "give the graph of model_of, which has it in its weights"
            if isinstance(node, Norm)
            else f"it would leak in every sub-step; deploy as {otherwise(graph)}"
        )
        raise InputError(f"Node {node.name!r} is a {type(node).__name__}, which time slots cannot keep; {remedy}.")
    for product in graph.of_type(Product):
        raise InputError(
            f"Node {product.name!r} multiplies values whose levels come one after the other in time slots; deploy as "
            f"{otherwise(graph)}."
        )
    for host in graph.of_type(MaxPool, GroupNorm):
        into = graph.into(host.name)
        before = graph.nodes[into[0].source] if len(into) == 1 and into[0].gain == 1 else None
        nested = isinstance(before, LIF) or (isinstance(before, MLF | ILIF) and before.nested)
        if not isinstance(host, MaxPool) or not nested:
            raise InputError(
                f"Node {host.name!r} is a {type(host).__name__} of more than the nested levels of one unit, which time "
                f"slots cannot keep; deploy as {otherwise(graph)}."
            )
    return graph


def _whole(graph: Graph, node: Node) -> MLF | ILIF:
    if isinstance(node, MLF | ILIF):
        return node
    if isinstance(node, LIF) and not node.unit and node.is_level:
        return MLF(name=node.name, shape=node.shape, thresholds=(float(node.threshold),), decay=float(node.decay))
    raise InputError(
        f"Neuron {node.name!r} is no unit that resets to 0 and takes its input as it is; deploy it as "
        f"{otherwise(graph)}."
    )


def _moved(graph: Graph, node: Synapse, units: dict[str, MLF | ILIF], biases: dict[str, Array]) -> Synapse:
    """The synapse without its bias, which is noted for the units behind it."""
    if node.bias is None or not node.bias.any():
        return dataclasses.replace(node, bias=None)
    for edge in graph.out_of(node.name):
        if edge.target not in units:
            raise InputError(
                f"The bias of {node.name!r} reaches {edge.target!r} before a unit, where it would count in every "
                f"sub-step; make one layer of both, or deploy as {otherwise(graph)}."
            )
        column = edge.gain * node.bias.astype(np.float64).reshape((-1,) + (1,) * (len(node.shape) - 1))
        biases[edge.target] = biases.get(edge.target, 0) + column
    return dataclasses.replace(node, bias=None)


def _last(graph: Graph, node: Synapse, slots: int) -> Synapse:
    """The synapse before the read-out."""
    if len(graph.out_of(node.name)) != 1:
        raise InputError(f"Synapse {node.name!r} feeds the read-out and other nodes; give each its own synapse.")
    if graph.readout.reduction == "mean":
        return dataclasses.replace(node, weight=node.weight.astype(np.float64) * slots)
    return dataclasses.replace(node, bias=None if node.bias is None else node.bias.astype(np.float64) / slots)


def _to_readout(graph: Graph, edge: Edge, slots: int) -> Edge:
    """Values that reach an averaging read-out without a synapse of its own count `slots` times."""
    mean = isinstance(graph.nodes[edge.target], Readout) and graph.readout.reduction == "mean"
    direct = mean and not isinstance(graph.nodes[edge.source], SYNAPSES)
    return dataclasses.replace(edge, gain=edge.gain * slots if direct else edge.gain, payload_bits=0)


def _in_slots(node: Node, units: dict[str, MLF | ILIF], biases: dict[str, Array], slots: int) -> Node:
    if node.name in units:
        unit = units[node.name]
        return SlotMLF(
            name=unit.name,
            shape=unit.shape,
            thresholds=unit.thresholds,
            decay=unit.decay,
            slots=slots,
            bias=biases.get(unit.name),
            taken_off=unit.taken_off if isinstance(unit, ILIF) else None,
        )
    if isinstance(node, Input):
        return dataclasses.replace(node, slots=slots, levels=None if node.levels is None else 1)
    return dataclasses.replace(node, steps=node.steps * slots) if isinstance(node, Delay) else node
