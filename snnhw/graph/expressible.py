"""What few targets can express: graded spikes, time slots, and layers that multiply the sums of other layers."""

from __future__ import annotations

from collections.abc import Iterator

from snnhw.errors import InputError
from snnhw.graph.finding import Finding
from snnhw.graph.ir import SYNAPSES, Flatten, Graph, HostNode, Norm, Pool, SlotMLF, Wires

HARDWARE = ("lava", "loihi1", "loihi2", "sanafe")
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


def layers_on_sums(graph: Graph, target: str) -> Iterator[Finding]:
    """One finding for each synapse node that takes what another one sums, also through what only passes it on.

    Synapses of chips take the integers of an input, or spikes. Lava would run such a chain with other spikes.
    """
    for node in graph.nodes.values():
        sources = [edge.source for edge in graph.into(node.name)] if isinstance(node, SYNAPSES) else []
        while sources:
            source = graph.nodes[sources.pop()]
            if isinstance(source, SYNAPSES):
                message = f"it takes the sums of {source.name}, for which {target} has no synapse"
                yield Finding("layer-on-sums", "error", node.name, message, "make them one, or put a neuron between")
                break
            if isinstance(source, Norm | Pool | Flatten):
                sources += [edge.source for edge in graph.into(source.name)]


def check_expressible(graph: Graph, target: str) -> Graph:
    """`graph` itself.

    Raises:
        InputError: a unit cannot run on `target` as it is deployed, or a layer takes sums (`layers_on_sums`).
    """
    if target in HARDWARE:
        check_layers(graph, target)
    for finding in deployment(graph, target):
        if finding.severity == "error":
            raise InputError(f"Unit {finding.node!r} does not fit {target}: {finding.message}; {finding.remedy}.")
    return graph


def check_layers(graph: Graph, target: str) -> None:
    """Nothing, where every synapse node takes spikes or the input, and nothing is left to a host.

    Raises:
        InputError: one takes sums (`layers_on_sums`), or a host has to compute or to move values (`check_host`).
    """
    check_host(graph, target)
    for finding in layers_on_sums(graph, target):
        raise InputError(f"Layer {finding.node!r} does not fit {target}: {finding.message}; {finding.remedy}.")


def check_host(graph: Graph, target: str) -> Graph:
    """`graph` itself.

    Raises:
        InputError: it has a node that neurons and synapses do not compute; the node and the remedy are named.
    """
    for node in graph.nodes.values():
        if isinstance(node, HostNode | Wires):
            raise InputError(
                f"Node {node.name!r} is a {type(node).__name__}, for which {target} has no counterpart; {node.remedy}."
            )
    return graph
