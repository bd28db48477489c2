"""What few targets can express: graded spikes and time slots."""

from __future__ import annotations

from collections.abc import Iterator

from snnhw.graph.finding import Finding
from snnhw.graph.ir import Graph, SlotMLF

PAYLOADS = ("lava", "loihi2", "Loihi")  # whose spikes carry integers, or are made binary by what compiles for them


def deployment(graph: Graph, target: str) -> Iterator[Finding]:
    """One error for each unit that `target` cannot run as it is deployed."""
    for unit, nodes in graph.units().items():
        if isinstance(nodes[0], SlotMLF):
            message = f"it leaks and fires once every {nodes[0].slots} sub-steps, and {target} has no such neuron"
            yield Finding("time-slots", "error", unit, message, "deploy it as channels")
        bits = max((e.payload_bits for n in nodes for e in graph.out_of(n.name)), default=0)
        if bits and target not in PAYLOADS:
            message = f"its spikes carry {bits} bits, and those of {target} carry none"
            yield Finding("graded-spikes", "error", unit, message, "deploy it as channels")
