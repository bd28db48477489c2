"""Checks of the deployment that a graph is in: graded spikes and time slots, which few targets can express."""

from __future__ import annotations

from collections.abc import Iterator

from snnhw.errors import InputError
from snnhw.graph.finding import Finding
from snnhw.graph.ir import Graph, SlotMLF

PAYLOADS = ("lava", "loihi2")  # targets whose spikes carry integers


def deployment(graph: Graph, target: str) -> Iterator[Finding]:
    """One finding for each unit that `target` cannot run as it is deployed."""
    for unit, nodes in graph.units().items():
        if isinstance(nodes[0], SlotMLF):
            leak = f"leaks and fires once every {nodes[0].slots} sub-steps"
            if target == "loihi2":
                message = f"it {leak}, which takes a neuron program of its own"
                yield Finding("time-slots", "warning", unit, message, "write one in microcode or deploy it as channels")
            else:
                message = f"it {leak}, and {target} has no such neuron"
                yield Finding("time-slots", "error", unit, message, "deploy it as channels")
        bits = max((e.payload_bits for n in nodes for e in graph.out_of(n.name)), default=0)
        if bits and target not in PAYLOADS:
            message = f"its spikes carry {bits} bits, and those of {target} carry none"
            yield Finding("graded-spikes", "error", unit, message, "deploy it as channels")


def check_expressible(graph: Graph, target: str) -> Graph:
    """`graph` itself.

    Raises:
        InputError: a unit cannot run on `target` as it is deployed.
    """
    for finding in deployment(graph, target):
        if finding.severity == "error":
            raise InputError(f"Unit {finding.node!r} does not fit {target}: {finding.message}; {finding.remedy}.")
    return graph
