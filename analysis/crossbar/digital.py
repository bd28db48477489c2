"""The digital logic of a network on crossbars: sums of branches, pools and currents, identity shortcuts, neurons.

Takes the mapped graph, gives what one inference of its T steps does behind each row: a population or a read-out. What
shifts and adds the codes of converters is counted with the reads (`pricing.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, replace

import numpy as np

from snnhw.analysis.crossbar.matrices import pool_windows_of
from snnhw.graph.ir import SYNAPSES, Conv2d, Delay, Flatten, Graph, LoihiLIF, Neuron, Node, Pool, Readout


@dataclass(frozen=True)
class Adders:
    """One row, per inference."""

    name: str
    adds: int
    updates: int  # of membranes, and of currents that last longer than a step
    written_bits: int  # of spikes that are kept for the layers behind


def adders_of(graph: Graph) -> tuple[Adders, ...]:
    """Rows of `graph`: every membrane, and every current that lasts, is updated in each of the T steps."""

    def neuron(neurons: tuple[Neuron, ...]) -> tuple[int, int]:
        return states_of(neurons), sum(one.levels for one in neurons).bit_length()

    return _rows(graph, lambda name: graph.timesteps, neuron, {node.name for node in pool_windows_of(graph)})


def states_of(neurons: tuple[Neuron, ...]) -> int:
    """Numbers that the logic of a unit keeps from step to step: its membranes, and the current of all its levels."""
    lasts = any(isinstance(one, LoihiLIF) and one.current_lasts for one in neurons)
    return sum(one.membranes for one in neurons) + lasts


def twin_adders_of(graph: Graph, passes: Callable[[str], int], bits: int) -> tuple[Adders, ...]:
    """Rows of the ANN twin: a unit is one ReLU that sends `bits`, computed as often as `passes` says of a node.

    A max pool has no ReLU, and compares the values of a window once, where the network adds a window for each level.
    """
    once = {unit: window.name for unit, window in zip(_windows_by_unit(graph), pool_windows_of(graph), strict=True)}
    rows = _rows(graph, passes, lambda neurons: (1, bits), set(once.values()))
    return tuple(replace(row, updates=0) if row.name in once else row for row in rows)


def _windows_by_unit(graph: Graph) -> Iterator[str]:
    """The unit, as of `_units`, of the neurons behind each window."""
    unit_of = {one.name: unit for unit, neurons in _units(graph).items() for one in neurons}
    for window in pool_windows_of(graph):
        yield unit_of[graph.out_of(window.name)[0].target]


def _units(graph: Graph) -> dict[str, tuple[Neuron, ...]]:
    """Neurons by unit; behind windows of one kind over the channels of one unit, the levels of a max pool are one."""
    units = dict(graph.units())
    first: dict[object, str] = {}  # the unit whose channels the first window of a kind gathers
    unit_of = {one.name: unit for unit, neurons in units.items() for one in neurons}
    windows = {node.name: node for node in pool_windows_of(graph)}
    for window in (windows[name] for name in graph.order(loops=True) if name in windows):
        senders = frozenset(unit_of.get(edge.source, edge.source) for edge in graph.into(window.name))
        kind = (senders, window.weight.shape[2:], window.stride, window.padding, window.dilation)
        own = unit_of[graph.out_of(window.name)[0].target]
        unit = first.setdefault(kind, own)
        if unit != own:
            moved = units.pop(own)
            units[unit] = (*units[unit], *moved)
            unit_of |= {one.name: unit for one in moved}
    return units


def _rows(
    graph: Graph,
    steps: Callable[[str], int],
    neuron: Callable[[tuple[Neuron, ...]], tuple[int, int]],
    windows: Set[str],
) -> tuple[Adders, ...]:
    """What arrives from several units is added before word lines, what arrives from several layers before membranes.

    `windows` are those of max pools that are gathered.
    """
    units = _units(graph)
    unit_of = {one.name: unit for unit, neurons in units.items() for one in neurons}
    rows = []
    for unit, neurons in units.items():
        first, (membranes, bits) = neurons[0], neuron(neurons)
        times = first.size * steps(first.name)
        biased = isinstance(first, LoihiLIF) and bool(np.any(first.bias))
        rows.append(
            Adders(unit, (_sources(graph, first, unit_of) - 1 + biased) * times, membranes * times, bits * times)
        )
    for node in (n for n in graph.nodes.values() if isinstance(n, (*SYNAPSES, Pool, Delay, Flatten))):
        arriving = graph.nodes[graph.into(node.name)[0].source].size if graph.into(node.name) else 0
        adds = (_sources(graph, node, unit_of) - 1) * arriving + _own_adds(node, windows)
        if adds or isinstance(node, SYNAPSES):
            rows.append(Adders(node.name, adds * steps(node.name), 0, 0))
    rows += [Adders(node.name, node.size * steps(node.name), 0, 0) for node in graph.of_type(Readout)]
    return tuple(rows)


def _own_adds(node: Node, windows: Set[str]) -> int:
    """Adds of a step: the bias of a layer, the window of a pool."""
    if isinstance(node, Conv2d) and node.name in windows:
        return int(node.weight.shape[2] * node.weight.shape[3] - 1) * node.size
    if isinstance(node, Pool):
        return (node.kernel[0] * node.kernel[1] - 1) * node.size
    return node.size if isinstance(node, SYNAPSES) and node.bias is not None else 0


def _sources(graph: Graph, node: Node, unit_of: dict[str, str]) -> int:
    """Units and layers that send into a node; the channels of a unit are one."""
    return max(1, len({unit_of.get(edge.source, edge.source) for edge in graph.into(node.name)}))
