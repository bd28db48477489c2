"""Pass: sums of groups of the last neurons, as votes of a population code, into a matrix in front of the read-out.

A read-out that reads neurons through pools and moved values sums their counts in groups, which is linear: a matrix
behind these nodes takes them in (`fold_wires`, `fold_pool`), and a chip runs one matrix. Postcondition: nothing but a
matrix is between the last neurons and a read-out of a row that read them through pools or moved values, where these
fold. Values are unchanged up to rounding.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from snnhw.graph.ir import Edge, Flatten, Graph, Linear, Neuron, Node, Pool, Readout, Scale, Wires
from snnhw.graph.names import free_name
from snnhw.passes.fold_pool import fold_pool
from snnhw.passes.fold_wires import fold_wires

BETWEEN = (Pool, Wires, Flatten, Scale)


def readout_matrix(graph: Graph) -> Graph:
    """Graph whose read-outs of grouped spikes follow a matrix."""
    for readout in graph.of_type(Readout):
        into = graph.into(readout.name)
        if len(into) == 1 and len(readout.shape) == 1 and _groups(graph, into[0].source):
            name = free_name(f"{readout.name}_votes", graph.nodes)
            matrix = Linear(name=name, shape=readout.shape, weight=np.eye(readout.shape[0]))
            nodes: list[Node] = []
            for node in graph.nodes.values():
                nodes += [matrix, node] if node is readout else [node]
            edges = [dataclasses.replace(e, target=name) if e is into[0] else e for e in graph.edges]
            graph = graph.replace(nodes=nodes, edges=(*edges, Edge(name, readout.name)))
            graph = fold_pool(fold_wires(graph))
            (votes,) = (n for n in graph.of_type(Linear) if n.name == name)
            folded = dataclasses.replace(votes, unfolded_inputs=None)  # it is no layer of the network
            graph = fold_wires(graph.replace(nodes={**graph.nodes, name: folded}))
    return graph


def _groups(graph: Graph, name: str) -> bool:
    """Whether neurons alone reach `name` through pools and moved values, with nothing else behind these."""
    node, seen = graph.nodes[name], False
    while isinstance(node, BETWEEN):
        into = graph.into(node.name)
        if len(into) != 1 or len(graph.out_of(node.name)) != 1:
            return False
        seen = seen or not isinstance(node, Flatten)
        node = graph.nodes[into[0].source]
    return seen and isinstance(node, Neuron)
