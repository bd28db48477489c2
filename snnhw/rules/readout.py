"""Rules about how a network of Loihi integers ends: in one matrix, or in neurons whose spikes are counted."""

from __future__ import annotations

from collections.abc import Iterator

from snnhw.graph.finding import Finding
from snnhw.graph.ir import Flatten, Graph, Linear, Neuron, Node, Readout


def readout_in_integers(graph: Graph, title: str) -> Iterator[Finding]:
    """An error where the read-out reads anything else than one matrix, or the spikes of neurons."""
    for readout in graph.of_type(Readout):
        before = ends(graph, readout)
        if read_matrix(graph) is None and not (before and all(isinstance(node, Neuron) for node in before)):
            names = ", ".join(node.name for node in before) or "nothing"
            message = f"it reads {names}, and a network of Loihi integers ends in one matrix or in neurons alone"
            remedy = "end the network with one linear layer, or with neurons, whose spikes are counted"
            yield Finding("readout", "error", readout.name, message, remedy)


def some_neurons(graph: Graph, title: str) -> Iterator[Finding]:
    """An error where nothing fires."""
    if not graph.of_type(Neuron):
        message = f"it has no neurons, and {title} is for networks that fire"
        yield Finding("no-neurons", "error", "", message, "put neurons between its layers")


def read_matrix(graph: Graph) -> Linear | None:
    """The one matrix that the read-out reads; None where it reads something else, such as spikes that are counted."""
    into = graph.into(graph.readout.name)
    before = graph.nodes[into[0].source] if len(into) == 1 else None
    return before if isinstance(before, Linear) else None


def ends(graph: Graph, readout: Readout) -> list[Node]:
    """What a read-out reads, through flattenings."""
    found: list[Node] = []
    sources = [edge.source for edge in graph.into(readout.name)]
    while sources:
        node = graph.nodes[sources.pop(0)]
        if isinstance(node, Flatten):
            sources += [edge.source for edge in graph.into(node.name)]
        else:
            found.append(node)
    return found
