"""Pass: every multi-level unit into K binary channels, one LIF population per level.

Precondition: levels that share a membrane (ILIF) never feel each other's reset (`ILIF.separable`); where that is so for
T = 1 alone, the graph says it (`Graph.longest`). Postcondition: no MLF and no ILIF is left; each unit `u` is the
channels `u_l1` .. `u_lK` (a `_` behind where another node has the name) with the same inputs, decay and one threshold
each, and whatever took `u` takes all of them. Value-preserving by definition of the unit: o[t] = sum_k s_k[t], where
the s_k depend on the shared input only (Feng et al., IJCAI 2022).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Container, Mapping

from snnhw.errors import InputError
from snnhw.graph.ir import ILIF, LIF, MLF, Graph, Node
from snnhw.graph.names import free_name


def decompose(graph: Graph) -> Graph:
    """Graph with K LIF channels in place of each MLF or ILIF unit.

    Raises:
        InputError: the levels of a unit share a membrane whose reset they feel.
    """
    for unit in inseparable(graph):
        raise InputError(
            f"Neuron {unit.name!r} cannot be channels: {SHARED_MEMBRANE}; deploy it as graded, or {TRAIN_OTHERWISE}."
        )
    channels = {unit.name: channels_of(unit, graph.nodes) for unit in graph.of_type(MLF)}
    channels |= {unit.name: _of_membrane(unit, graph) for unit in graph.of_type(ILIF)}
    nodes: list[Node] = []
    for node in graph.nodes.values():
        nodes.extend(channels.get(node.name, [node]))
    edges = [
        dataclasses.replace(edge, source=source, target=target, payload_bits=0)
        for edge in graph.edges
        for source in _names(channels, edge.source)
        for target in _names(channels, edge.target)
    ]
    return graph.replace(nodes=nodes, edges=tuple(edges), longest=_longest(graph))


def _longest(graph: Graph) -> int | None:
    """1 where a channel leaves out a reset that only a second step would feel; else what holds for the graph."""
    return 1 if graph.timesteps == 1 and any(unit.decay for unit in graph.of_type(ILIF)) else None


# Why an ILIF of several levels has no channels where it runs for several steps and keeps something of a step.
SHARED_MEMBRANE = "its levels take off from one membrane, and channels would know their own spikes alone"
TRAIN_OTHERWISE = "train it with one time step or a decay of 0"


def otherwise(graph: Graph) -> str:
    """The deployment for a graph that another one does not take: channels, graded where levels are no channels."""
    return "graded" if inseparable(graph) else "channels"


def inseparable(graph: Graph) -> tuple[ILIF, ...]:
    """Integer neurons whose levels are no neurons of their own (docs/theory.md)."""
    return tuple(unit for unit in graph.of_type(ILIF) if not unit.separable(graph.timesteps))


def recompose(graph: Graph) -> Graph:
    """The inverse: channels of a unit that share inputs, targets and decay, thresholds ascending, become one MLF."""
    merged: dict[str, str] = {}
    units: dict[str, MLF] = {}
    for unit, nodes in graph.units().items():
        whole = _as_unit(graph, unit, [n for n in nodes if isinstance(n, LIF)])
        if whole is not None and (unit not in graph.nodes or unit in {n.name for n in nodes}):
            units[unit] = whole
            merged.update({n.name: unit for n in nodes})
    nodes_out: dict[str, Node] = {}
    for node in graph.nodes.values():
        name = merged.get(node.name, node.name)
        nodes_out.setdefault(name, units.get(name, node))
    first = {graph.units()[unit][0].name for unit in units}  # its edges are those of all channels
    edges = [
        dataclasses.replace(e, source=merged.get(e.source, e.source), target=merged.get(e.target, e.target))
        for e in graph.edges
        if all(end not in merged or end in first for end in (e.source, e.target))
    ]
    return graph.replace(nodes=list(nodes_out.values()), edges=tuple(edges))


def _of_membrane(unit: ILIF, graph: Graph) -> list[LIF]:
    """The channels of a separable unit: nothing is left of its reset, or the one level does it itself."""
    forgets = graph.timesteps == 1 or unit.decay == 0
    channels = channels_of(unit, graph.nodes)
    if forgets:
        return channels
    (only,) = channels
    return [dataclasses.replace(only, reset="subtract", v_reset=unit.thresholds[0] - unit.taken_off)]


def channels_of(unit: MLF | ILIF, taken: Container[str]) -> list[LIF]:
    """The K binary populations of a unit, by ascending level, under names that are not `taken`."""
    return [
        LIF(
            name=free_name(f"{unit.name}_l{level}", taken),
            shape=unit.shape,
            decay=unit.decay,
            threshold=theta,
            unit=unit.name,
            level=level,
        )
        for level, theta in enumerate(unit.thresholds, start=1)
    ]


def _names(channels: Mapping[str, list[LIF]], name: str) -> list[str]:
    return [n.name for n in channels[name]] if name in channels else [name]


def _as_unit(graph: Graph, unit: str, channels: list[LIF]) -> MLF | None:
    if not channels or (len(channels) == 1 and not channels[0].unit):
        return None
    if not all(n.is_level for n in channels) or len({float(n.decay) for n in channels}) != 1:
        return None
    around = {
        (
            tuple(sorted((e.source, e.gain, e.delay) for e in graph.into(n.name))),
            tuple(sorted((e.target, e.gain, e.delay) for e in graph.out_of(n.name))),
        )
        for n in channels
    }
    thresholds = tuple(float(n.threshold) for n in channels)
    if len(around) != 1 or list(thresholds) != sorted(set(thresholds)):
        return None
    return MLF(name=unit, shape=channels[0].shape, thresholds=thresholds, decay=float(channels[0].decay))
