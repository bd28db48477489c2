"""Passes: a synapse of weight one wherever spikes or the input reach a neuron without one.

Hardware adds nothing to a membrane without a synapse; the plain spiking ResNet fires behind its residual sum, so its
shortcut needs one. Postcondition of `identity_synapses`: whatever feeds a neuron, or its current, is a Conv2d, Linear
or Norm; those made here say so (`identity`).
`spike_synapses` leaves the input out, which then enters neurons as a current. Values are unchanged.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from snnhw.errors import InputError
from snnhw.graph.currents import is_current, unit_fed
from snnhw.graph.ir import SYNAPSES, Conv2d, Edge, Graph, Linear, Neuron, Node, Norm, Synapse
from snnhw.graph.loihi import INT8_LIMIT
from snnhw.graph.names import free_name


def identity_synapses(graph: Graph) -> Graph:
    """Graph in which every neuron is fed by synapses alone."""
    units = graph.units()
    unit_of = {node.name: unit for unit, nodes in units.items() for node in nodes}
    made: dict[str, Synapse] = {}  # by the first node that it feeds
    edges: list[Edge] = []
    for edge in graph.edges:
        target, source = graph.nodes[edge.target], graph.nodes[edge.source]
        unit = unit_of.get(edge.target, unit_fed(target))
        own = is_current(source) and unit_fed(source) == unit and isinstance(target, Neuron)
        if unit not in units or own or isinstance(source, (*SYNAPSES, Norm)):
            edges.append(edge)
            continue
        fed = units[unit] if isinstance(target, Neuron) else (target,)
        if fed[0].name not in made:
            made[fed[0].name] = identity_synapse(free_name(f"{unit}_identity", graph.nodes), target.shape)
            edges.extend(Edge(made[fed[0].name].name, node.name) for node in fed)
        if edge.target == fed[0].name:  # the channels of a unit share their input
            edges.append(dataclasses.replace(edge, target=made[fed[0].name].name))
    return graph.replace(nodes=_in_place(graph, made), edges=tuple(edges)) if made else graph


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


def _in_place(graph: Graph, made: Mapping[str, Synapse]) -> list[Node]:
    nodes: list[Node] = []
    for node in graph.nodes.values():
        if node.name in made:
            nodes.append(made[node.name])
        nodes.append(node)
    return nodes


def identity_synapse(name: str, shape: tuple[int, ...]) -> Synapse:
    """A synapse that gives what it takes."""
    if len(shape) != 3:
        return Linear(name=name, shape=shape, weight=np.eye(int(np.prod(shape))), identity=True)
    return passing_on(name, shape)


def passing_on(name: str, shape: tuple[int, ...]) -> Conv2d:
    """A convolution of one tap that passes each channel on; Lava counts groups up to 127."""
    channels = shape[0]
    if channels <= INT8_LIMIT:
        depthwise = np.ones((channels, 1, 1, 1))
        return Conv2d(name=name, shape=shape, weight=depthwise, groups=channels, identity=True)
    return Conv2d(name=name, shape=shape, weight=np.eye(channels)[:, :, None, None], identity=True)
