"""What travels on the edges of a graph, from its nodes alone: analogue values or spikes, and up to which integer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

import numpy as np

from snnhw.graph.edge import Edge, Signal
from snnhw.graph.host import MaxPool
from snnhw.graph.neurons import Neuron, SlotMLF
from snnhw.graph.nodes import Delay, Flatten, Input, Node, Pool, Scale
from snnhw.graph.product import LEFT, RIGHT, Product
from snnhw.graph.wires import Wires


class Connected(Protocol):
    """Nodes by name and the edges into each: of a graph, what its signals follow from."""

    @property
    def nodes(self) -> Mapping[str, Node]:
        """Nodes by name."""

    def into(self, name: str) -> tuple[Edge, ...]:
        """Edges that end at `name`; what they carry is summed."""


def sent(graph: Connected, name: str) -> Signal:
    """What node `name` sends: its kind and, for spikes, the largest integer (sums and pools pass spikes on)."""
    node = graph.nodes[name]
    if isinstance(node, Input):
        return Signal("analog") if node.levels is None else Signal("spikes", node.levels)
    if isinstance(node, SlotMLF):
        return Signal("spikes", 1)  # one level at a time, in the sub-steps of a window
    if isinstance(node, Neuron):
        return Signal("spikes", node.levels)
    if isinstance(node, Flatten | Delay | Wires):
        return arriving(graph, name)
    if isinstance(node, Pool):
        taps = node.kernel[0] * node.kernel[1] if node.kind == "sum" else 1
        return replace(signal := arriving(graph, name), levels=signal.levels * taps)
    if isinstance(node, MaxPool) and not _averaged(graph, name):
        return arriving(graph, name)
    if isinstance(node, Product) and node.inner == 1:  # no sum: spikes where both factors have one
        levels = factor_levels(graph, name)
        return Signal("analog") if None in levels else Signal("spikes", math.prod(n for n in levels if n))
    return Signal("analog")


def arriving(graph: Connected, name: str) -> Signal:
    """What the sum of all edges into `name` carries."""
    signals = [(sent(graph, e.source), e.gain) for e in graph.into(name)]
    if not signals or any(s.kind == "analog" or gain < 0 for s, gain in signals):
        return Signal("analog")  # a difference of spikes is no integer 1..levels
    return Signal("spikes", sum(s.levels * gain for s, gain in signals))


def factors(graph: Connected, name: str) -> tuple[tuple[Edge, ...], tuple[Edge, ...]]:
    """The edges that bring the left and the right factor of the product `name`."""
    product = graph.nodes[name]
    sides: tuple[list[Edge], list[Edge]] = ([], [])
    split = product.sizes[LEFT] if isinstance(product, Product) else 0
    for edge in graph.into(name):
        source = graph.nodes[edge.source]
        ends = source.connected.reshape(-1) if isinstance(source, Wires) else None
        for side, part in ((LEFT, slice(None, split)), (RIGHT, slice(split, None))):
            if ends is None or ends[part].any():
                sides[side].append(edge)
    return tuple(sides[LEFT]), tuple(sides[RIGHT])


def factor_levels(graph: Connected, name: str) -> tuple[int | None, int | None]:
    """Of both factors of the product `name`, the largest integer of their spikes; None where one is no spikes.

    Sums of pools are accumulated before, so what they send are integers and no spikes that meet one by one.
    """
    left, right = factors(graph, name)
    return _spike_levels(graph, left), _spike_levels(graph, right)


def _spike_levels(graph: Connected, edges: tuple[Edge, ...]) -> int | None:
    total = 0
    for edge in edges:
        node = graph.nodes[edge.source]
        if isinstance(node, Flatten | Delay | Wires | Scale):
            levels = _spike_levels(graph, graph.into(node.name))
            if isinstance(node, Scale) and not (levels == 1 and np.ndim(node.scale) == 0 and node.scale):
                levels = None  # only what is binary is one spike whatever it is scaled by
        else:
            signal = Signal("analog") if isinstance(node, Pool) else sent(graph, node.name)
            levels = signal.levels if signal.kind == "spikes" else None
        if levels is None or edge.gain < 1:
            return None
        total += levels * edge.gain
    return total or None


def _averaged(graph: Connected, name: str) -> bool:
    """Whether pools on the way to `name` make fractions of spikes."""
    before = [graph.nodes[edge.source] for edge in graph.into(name)]
    passed = [node for node in before if isinstance(node, Flatten | Pool | Delay | Wires)]
    return any((isinstance(n, Pool) and n.kind == "avg") or _averaged(graph, n.name) for n in passed)
