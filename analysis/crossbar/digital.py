"""The digital logic of a network on crossbars: sums of branches and currents, identity shortcuts, biases, neurons.

Takes the mapped graph, gives what one inference of its T steps does behind each row: a population or a read-out. What
shifts and adds the codes of converters is counted with the reads (`pricing.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from snnhw.graph.ir import SYNAPSES, Graph, LoihiLIF, Neuron, Node, Readout


@dataclass(frozen=True)
class Adders:
    """One row, per inference."""

    name: str
    adds: int
    updates: int  # of membranes
    written_bits: int  # of spikes that are kept for the layers behind


def adders_of(graph: Graph) -> tuple[Adders, ...]:
    """Rows of `graph`: every membrane is updated in each of the T steps."""

    def neuron(neurons: tuple[Neuron, ...]) -> tuple[int, int]:
        levels = sum(one.levels for one in neurons)
        return sum(one.membranes for one in neurons), levels.bit_length()

    return _rows(graph, lambda name: graph.timesteps, neuron)


def twin_adders_of(graph: Graph, passes: Callable[[str], int], bits: int) -> tuple[Adders, ...]:
    """Rows of the ANN twin: a unit is one ReLU that sends `bits`, computed as often as `passes` says of a node."""
    return _rows(graph, passes, lambda neurons: (1, bits))


def _rows(
    graph: Graph, steps: Callable[[str], int], neuron: Callable[[tuple[Neuron, ...]], tuple[int, int]]
) -> tuple[Adders, ...]:
    """What arrives from several units is added before word lines, what arrives from several layers before membranes."""
    unit_of = {one.name: unit for unit, neurons in graph.units().items() for one in neurons}
    rows = []
    for unit, neurons in graph.units().items():
        first, (membranes, bits) = neurons[0], neuron(neurons)
        times = first.size * steps(first.name)
        biased = isinstance(first, LoihiLIF) and bool(np.any(first.bias))
        rows.append(
            Adders(unit, (_sources(graph, first, unit_of) - 1 + biased) * times, membranes * times, bits * times)
        )
    for node in (n for n in graph.nodes.values() if isinstance(n, SYNAPSES)):
        arriving = graph.nodes[graph.into(node.name)[0].source].size if graph.into(node.name) else 0
        adds = (_sources(graph, node, unit_of) - 1) * arriving + (0 if node.bias is None else node.size)
        rows.append(Adders(node.name, adds * steps(node.name), 0, 0))
    rows += [Adders(node.name, node.size * steps(node.name), 0, 0) for node in graph.of_type(Readout)]
    return tuple(rows)


def _sources(graph: Graph, node: Node, unit_of: dict[str, str]) -> int:
    """Units and layers that send into a node; the channels of a unit are one."""
    return max(1, len({unit_of.get(edge.source, edge.source) for edge in graph.into(node.name)}))
