"""The order in which the engine works: nodes sorted, channels of a unit together, values freed after their last use.

Takes a graph, gives a tuple of steps. Edges from all K channels of a unit into one target become one edge.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import torch

from snnhw.errors import InputError
from snnhw.graph.ir import SYNAPSES, Graph, LoihiLIF, Neuron, Node
from snnhw.proofs.largest import largest_input
from snnhw.simulation.events import carries_events
from snnhw.simulation.neurons import integer_dtype
from snnhw.simulation.synapses import product_dtype, wraps


@dataclass(frozen=True)
class Step:
    """Evaluate one node, or the neurons of one unit together."""

    name: str  # node or unit
    nodes: tuple[Node, ...]
    sources: tuple[tuple[str, int], ...]  # (value name, gain), units summed over their channels where possible
    dtype: torch.dtype | None  # exact dtype in an integer graph
    last_use: tuple[str, ...] = ()  # values that no later step needs
    levels_used: bool = False  # some consumer takes single channels of this unit
    events: bool = False  # a convolution of spikes, run event by event
    wraps: bool = False  # a convolution of integers whose sums may leave 24 bits


def plan_of(graph: Graph, *, loops: bool = False) -> tuple[Step, ...]:
    """Steps in an order in which every source comes before its targets; with `loops`, a Delay may come before.

    Raises:
        InputError: a cycle, or channels of one unit with different inputs.
    """
    unit_of = {node.name: unit for unit, nodes in graph.units().items() for node in nodes}
    units = graph.units()
    position = {name: i for i, name in enumerate(graph.order(loops=loops))}
    steps: list[Step] = []
    split = _split_units(graph, unit_of)
    done: set[str] = set()
    for name in sorted(position, key=position.__getitem__):
        node = graph.nodes[name]
        nodes: tuple[Node, ...] = (node,)
        if isinstance(node, Neuron):
            name = unit_of[name]
            if name in done:
                continue
            nodes = _same_input(graph, name, units[name])
        done.add(name)
        sources = _sources(graph, nodes[0].name, unit_of, split)
        dtype, events = _exact_dtype(graph, nodes), carries_events(graph, nodes[0].name)
        steps.append(Step(name, nodes, sources, dtype, (), name in split, events, wraps(graph, nodes[0].name)))
    return _with_last_use(steps)


def _same_input(graph: Graph, unit: str, nodes: tuple[Neuron, ...]) -> tuple[Neuron, ...]:
    arriving = {frozenset((e.source, e.gain) for e in graph.into(n.name)) for n in nodes}
    if len(arriving) != 1:
        raise InputError(f"The levels of unit {unit!r} have different inputs; connect all of them to the same nodes.")
    return nodes


def _split_units(graph: Graph, unit_of: dict[str, str]) -> set[str]:
    """Units of which some target takes single channels, or channels with unequal gains."""
    taken: dict[tuple[str, str], Counter[str]] = {}
    for edge in graph.edges:
        if edge.source in unit_of:
            taken.setdefault((unit_of[edge.source], edge.target), Counter())[edge.source] += edge.gain
    size = {unit: len(nodes) for unit, nodes in graph.units().items()}
    return {unit for (unit, _), gains in taken.items() if len(gains) < size[unit] or len(set(gains.values())) > 1}


def _sources(graph: Graph, name: str, unit_of: dict[str, str], split: set[str]) -> tuple[tuple[str, int], ...]:
    """The inputs of `name` as (value, gain); all channels of an unsplit unit count as its one value."""
    gains: Counter[str] = Counter()
    for edge in graph.into(name):
        gains[edge.source] += edge.gain
    values = {source: unit_of.get(source, source) for source in gains}
    return tuple({source if values[source] in split else values[source]: g for source, g in gains.items()}.items())


def _exact_dtype(graph: Graph, nodes: tuple[Node, ...]) -> torch.dtype | None:
    if not graph.is_integer:
        return None
    if isinstance(nodes[0], SYNAPSES):
        return product_dtype(graph, nodes[0].name)
    channels = [n for n in nodes if isinstance(n, LoihiLIF)]
    if channels:
        return integer_dtype(channels, largest_input(graph, channels[0].name))
    return torch.float64


def _with_last_use(steps: list[Step]) -> tuple[Step, ...]:
    last = {source: i for i, step in enumerate(steps) for source, _ in step.sources}
    freed: dict[int, list[str]] = {}
    for value, i in last.items():
        freed.setdefault(i, []).append(value)
    return tuple(replace(step, last_use=tuple(freed.get(i, ()))) for i, step in enumerate(steps))
