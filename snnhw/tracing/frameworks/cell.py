"""What a neuron module of a framework is in the graph: one node, or a few that belong together."""

from __future__ import annotations

import dataclasses
from collections.abc import Container
from dataclasses import dataclass
from itertools import pairwise

from snnhw.errors import InputError
from snnhw.graph.ir import ILIF, LI, LIF, Conv2d, Delay, Edge, Linear, Node
from snnhw.graph.names import free_name


@dataclass(frozen=True)
class Cell:
    """Nodes and the edges among them; what arrives goes to `entry`, and `sent` sends what the module gives."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    entry: str
    sent: str

    @property
    def sender(self) -> Node:
        """The node that sends what the module gives."""
        return next(node for node in self.nodes if node.name == self.sent)

    def renamed(self, taken: Container[str]) -> Cell:
        """It with names that are free in `taken`; the node of the module's own name is free already."""
        names = {node.name: node.name if node.name not in taken else free_name(node.name, taken) for node in self.nodes}
        nodes = tuple(dataclasses.replace(node, name=names[node.name]) for node in self.nodes)
        edges = tuple(dataclasses.replace(e, source=names[e.source], target=names[e.target]) for e in self.edges)
        return Cell(nodes, edges, names[self.entry], names[self.sent])


def single(node: Node) -> Cell:
    """A module that is one node."""
    return Cell((node,), (), node.name, node.name)


def chained(*nodes: Node) -> Cell:
    """A layer that is several nodes, one behind the other."""
    edges = tuple(Edge(one.name, other.name) for one, other in pairwise(nodes))
    return Cell(nodes, edges, nodes[0].name, nodes[-1].name)


def in_a_row(nodes: tuple[Node, ...]) -> Cell:
    """A layer that is several nodes, one behind the other."""
    edges = tuple(Edge(a.name, b.name) for a, b in pairwise(nodes))
    return Cell(nodes, edges, nodes[0].name, nodes[-1].name)


def current_based(current: LI, neuron: LIF | LI | ILIF) -> Cell:
    """A neuron behind a leaky synaptic current."""
    return Cell((current, neuron), (Edge(current.name, neuron.name),), current.name, neuron.name)


def current_name(name: str) -> str:
    """Name of the current of neuron `name`, as readers of files call it."""
    return f"{name}_syn"


def recurrent(cell: Cell, weights: Node, *, from_the_start: bool = True) -> Cell:
    """`cell`, whose spikes of the step before arrive again through `weights`.

    Args:
        cell: the neuron.
        weights: a node of the spikes' shape.
        from_the_start: a bias of `weights` acts in the first step too, when there are no spikes before.
    """
    late = Delay(name=f"{cell.sent}_previous", shape=cell.sender.shape, steps=1)
    loop = (late.name, weights.name) if from_the_start else (weights.name, late.name)
    around = (Edge(cell.sent, loop[0]), Edge(loop[0], loop[1]), Edge(loop[1], cell.entry))
    return Cell((*cell.nodes, late, weights), (*cell.edges, *around), cell.entry, cell.sent)


def weights_of(name: str, node: Node | tuple[Node, ...], sent: Node) -> Node:
    """`node`, the weights around a neuron.

    Raises:
        InputError: they do not give what the neuron takes.
    """
    if not isinstance(node, Linear | Conv2d):
        raise InputError(f"The recurrent weights of {name!r} are no matrix and no convolution; use one.")
    if node.shape != sent.shape:
        raise InputError(
            f"The recurrent weights of {name!r} give {node.shape} where its neurons are {sent.shape}; make them equal."
        )
    return node
