"""Pass: each multi-level unit sends its integer 0..K as one graded spike.

A float unit becomes one MLF node, which is its K compartments and their sum; Loihi integers keep one compartment node
per level, and their sum is the message. Precondition: whatever takes a unit takes all of its levels with equal gains,
since a message carries the sum alone. Postcondition: every edge from a unit or from an event input says in
`payload_bits` how wide its message is (0: at most 1, its presence is the message). Values are unchanged.
"""

from __future__ import annotations

import dataclasses
from collections import Counter

from snnhw.errors import InputError
from snnhw.graph.ir import LIF, Graph, Input, Signal, SlotMLF
from snnhw.passes.decompose import inseparable, recompose


def decompose_graded(graph: Graph) -> Graph:
    """Graph whose units send graded spikes.

    Raises:
        InputError: something takes single levels, or levels with unequal gains, or the units are in time slots.
    """
    if graph.of_type(SlotMLF):
        raise InputError(f"Graph {graph.name!r} is in time slots already; give the multi-level network.")
    graph = recompose(graph)
    check_sums(graph)
    bits = {
        node.name: Signal("spikes", sum(n.levels for n in nodes)).payload_bits
        for nodes in graph.units().values()
        for node in nodes
    }
    bits |= {n.name: Signal("spikes", n.levels).payload_bits for n in graph.of_type(Input) if n.levels is not None}
    return graph.replace(edges=tuple(dataclasses.replace(e, payload_bits=bits.get(e.source, 0)) for e in graph.edges))


def check_sums(graph: Graph) -> Graph:
    """`graph` itself.

    Raises:
        InputError: a node takes some levels of a unit, or takes them with unequal gains.
    """
    for unit, nodes in graph.units().items():
        for target in {e.target for n in nodes for e in graph.out_of(n.name)}:
            gains: Counter[str] = Counter()
            for edge in graph.into(target):
                gains[edge.source] += edge.gain
            if len({gains[n.name] for n in nodes}) > 1:
                raise InputError(_unequal(graph, unit, target))
    return graph


def _unequal(graph: Graph, unit: str, target: str) -> str:
    """Why `target` cannot take graded spikes of `unit`, and what does run."""
    pool = next((n.pool for e in graph.out_of(target) if isinstance(n := graph.nodes[e.target], LIF) and n.pool), "")
    alike, channels = "connect all levels alike", not inseparable(graph)
    if pool:
        alike = "put an average pool or a stride in its place"
        reason = f"The max pool {pool!r} is made of neurons for each level of {unit!r} alone"
    else:
        reason = f"{target!r} takes the levels of {unit!r} with unequal gains"
    return f"{reason}, but a graded spike carries their sum; {alike}{' or deploy as channels' if channels else ''}."
