"""What few targets can express: graded spikes and time slots."""

from __future__ import annotations

from collections.abc import Iterator

from snnhw.graph.finding import Finding
from snnhw.graph.ir import ILIF, Graph, Neuron, SlotMLF
from snnhw.passes.decompose import TRAIN_OTHERWISE

# whose spikes carry integers, or are made binary by what compiles for them
PAYLOADS = ("lava", "loihi2", "Loihi", "rram")


def deployment(graph: Graph, target: str) -> Iterator[Finding]:
    """One error for each unit that `target` cannot run as it is deployed."""
    for unit, nodes in graph.units().items():
        if isinstance(nodes[0], SlotMLF):
            message = f"it leaks and fires once every {nodes[0].slots} sub-steps, and {target} has no such neuron"
            yield Finding("time-slots", "error", unit, message, _otherwise(graph, nodes[0], target))
        bits = max((e.payload_bits for n in nodes for e in graph.out_of(n.name)), default=0)
        if bits and target not in PAYLOADS:
            message = f"its spikes carry {bits} bits, and those of {target} carry none"
            yield Finding("graded-spikes", "error", unit, message, _otherwise(graph, nodes[0], target))


def _otherwise(graph: Graph, node: Neuron, target: str) -> str:
    """How a unit that is deployed already reaches a target with binary spikes: as channels, where it has them."""
    windows = graph.timesteps // node.slots if isinstance(node, SlotMLF) else graph.timesteps
    whole = node if isinstance(node, ILIF) else None
    if isinstance(node, SlotMLF) and node.taken_off is not None:
        whole = ILIF(
            name=node.name,
            shape=node.shape,
            thresholds=node.thresholds,
            decay=node.decay,
            taken_off=node.taken_off,
        )
    if whole is None or whole.separable(windows):
        return "deploy it as channels"
    return f"{TRAIN_OTHERWISE}, and deploy it as channels: as it is, {target} runs it in no deployment"
