"""Membranes that a forward reads: integrators beside their neurons while the graph grows, and only those that are used.

Each neuron that can gets one; at the end what no read-out depends on is taken out again, and so is a neuron that never
resets and of which nothing but the membrane is read.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Container, Iterable, MutableMapping

from snnhw.graph.finding import Finding
from snnhw.graph.ir import LI, Edge, Node, Readout
from snnhw.graph.names import free_name
from snnhw.tracing.frameworks.cell import Cell
from snnhw.tracing.frameworks.membrane import membrane_of
from snnhw.tracing.results import membrane_read
from snnhw.tracing.streams import Stream


class Membranes(dict[str, str]):
    """Path of a neuron module -> the integrator that sends its membrane."""

    def __init__(self) -> None:
        super().__init__()
        self._nodes: dict[str, tuple[str, ...]] = {}  # integrator -> its own nodes
        self._neurons: dict[str, str] = {}  # integrator -> the neuron whose membrane it is

    def beside(self, path: str, cell: Cell, taken: Container[str]) -> Cell | None:
        """The integrator beside the neuron that `cell` ends in, with names that are free; None where there is none."""
        made = membrane_of(cell)
        if made is None:
            return None
        names = {n.name: n.name if n.name not in taken else free_name(n.name, taken) for n in made.nodes}
        edges = tuple(
            dataclasses.replace(e, source=names.get(e.source, e.source), target=names.get(e.target, e.target))
            for e in made.edges
        )
        nodes = tuple(dataclasses.replace(node, name=names[node.name]) for node in made.nodes)
        sent = names[made.sent]
        self[path], self._neurons[sent] = sent, cell.sent
        self._nodes[sent] = tuple(names.values())
        return Cell(nodes, edges, names.get(made.entry, ""), sent)

    def only(self, stream: Stream) -> bool:
        """Whether a value is made of membranes alone."""
        return all(name in self._neurons for name, _ in stream.terms)

    def prune(self, nodes: MutableMapping[str, Node], edges: list[Edge]) -> list[Finding]:
        """Take out of `nodes` and `edges` what no read-out needs; gives what is said about the membranes that stay."""
        read = _read_by(edges, [name for name, node in nodes.items() if isinstance(node, Readout)])
        gone: set[str] = set()
        found = []
        for integrator, neuron in self._neurons.items():
            if integrator not in read:
                gone |= set(self._nodes[integrator])
            elif neuron not in read:
                gone.add(neuron)
                _give_current(nodes, neuron, integrator)
            else:
                found.append(membrane_read(neuron, integrator))
        for name in gone:
            nodes.pop(name, None)
        edges[:] = [edge for edge in edges if not {edge.source, edge.target} & gone]
        return found


def _read_by(edges: Iterable[Edge], ends: list[str]) -> set[str]:
    """Everything that a read-out depends on."""
    into: dict[str, list[str]] = {}
    for edge in edges:
        into.setdefault(edge.target, []).append(edge.source)
    read, waiting = set(ends), list(ends)
    while waiting:
        for source in into.get(waiting.pop(), ()):
            if source not in read:
                read.add(source)
                waiting.append(source)
    return read


def _give_current(nodes: MutableMapping[str, Node], neuron: str, integrator: str) -> None:
    """Let the current of a neuron that goes be that of its membrane."""
    for name, node in list(nodes.items()):
        if isinstance(node, LI) and node.current_of == neuron:
            nodes[name] = dataclasses.replace(node, current_of=integrator)
