"""Passes: a synapse of weight one wherever spikes or the input reach a neuron without one.

Hardware adds nothing to a membrane without a synapse; the plain spiking ResNet fires behind its residual sum, so its
shortcut needs one. Postcondition of `identity_synapses`: whatever feeds a neuron is a Conv2d, Linear or Norm;
those made here say so (`identity`).
`spike_synapses` leaves the input out, which then enters neurons as a current. Values are unchanged.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from snnhw.errors import InputError
from snnhw.graph.ir import SYNAPSES, Conv2d, Edge, Graph, Linear, Neuron, Node, Norm, Synapse
from snnhw.graph.loihi import INT8_LIMIT
from snnhw.graph.names import free_name


def identity_synapses(graph: Graph) -> Graph:
    """Graph in which every neuron is fed by synapses alone."""
    units = graph.units()
    unit_of = {node.name: unit for unit, nodes in units.items() for node in nodes}
    made: dict[str, Synapse] = {}
    edges: list[Edge] = []
    for edge in graph.edges:
        target = graph.nodes[edge.target]
        if not isinstance(target, Neuron) or isinstance(graph.nodes[edge.source], (*SYNAPSES, Norm)):
            edges.append(edge)
            continue
        unit = unit_of[edge.target]
        if unit not in made:
            made[unit] = _identity(free_name(f"{unit}_identity", graph.nodes), target.shape)
            edges.extend(Edge(made[unit].name, node.name) for node in units[unit])
        if edge.target == units[unit][0].name:  # the channels of a unit share their input
            edges.append(dataclasses.replace(edge, target=made[unit].name))
    return graph.replace(nodes=_in_place(graph, units, made), edges=tuple(edges)) if made else graph


def spike_synapses(graph: Graph) -> Graph:
    """Graph in which neurons are fed by synapses, or by the input alone, as a current.

    Raises:
        InputError: the input reaches something else than neurons, or neurons that something else feeds too.
    """
    for name in not_a_current(graph):
        raise InputError(
            f"The input reaches {name!r}, which is no neuron fed by it alone, so it cannot be a current; let it "
            "enter as messages, or make the current of the first neurons the input of the network."
        )
    rest = graph.replace(edges=tuple(e for e in graph.edges if e.source != graph.input.name))
    made = identity_synapses(rest)
    return made.replace(edges=tuple(e for e in graph.edges if e.source == graph.input.name) + made.edges)


def not_a_current(graph: Graph) -> list[str]:
    """What the input reaches although it is no neuron that the input feeds alone."""
    fed = [edge.target for edge in graph.out_of(graph.input.name)]
    return [name for name in fed if not isinstance(graph.nodes[name], Neuron) or len(graph.into(name)) > 1]


def _in_place(graph: Graph, units: Mapping[str, tuple[Node, ...]], made: Mapping[str, Synapse]) -> list[Node]:
    first = {nodes[0].name: unit for unit, nodes in units.items()}
    nodes: list[Node] = []
    for node in graph.nodes.values():
        if first.get(node.name) in made:
            nodes.append(made[first[node.name]])
        nodes.append(node)
    return nodes


def _identity(name: str, shape: tuple[int, ...]) -> Synapse:
    if len(shape) != 3:
        return Linear(name=name, shape=shape, weight=np.eye(int(np.prod(shape))), identity=True)
    channels = shape[0]
    if channels <= INT8_LIMIT:
        depthwise = np.ones((channels, 1, 1, 1))
        return Conv2d(name=name, shape=shape, weight=depthwise, groups=channels, identity=True)
    return Conv2d(name=name, shape=shape, weight=np.eye(channels)[:, :, None, None], identity=True)
