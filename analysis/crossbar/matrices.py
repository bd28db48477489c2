"""The matrices of a graph that go on crossbars: convolutions unrolled, linear layers as they are.

A convolution [O, I/g, kh, kw] is g matrices [O/g, I/g * kh * kw], read once for each position of its output. Identity
synapses are no matrices: what they pass on is added in digital logic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnhw.graph.ir import SYNAPSES, Array, Conv2d, Graph, Synapse


@dataclass(frozen=True)
class Matrix:
    """One layer as `groups` matrices of outputs x inputs, each read at every one of `positions`."""

    name: str
    outputs: int  # of one group
    inputs: int  # of one group
    groups: int
    positions: int

    @property
    def weights(self) -> int:
        """Weights of all groups."""
        return self.outputs * self.inputs * self.groups


def synapses_of(graph: Graph) -> tuple[Synapse, ...]:
    """The synapse nodes that are on crossbars, in the order of the graph."""
    return tuple(node for node in graph.nodes.values() if isinstance(node, SYNAPSES) and not node.identity)


def identities_of(graph: Graph) -> tuple[Synapse, ...]:
    """The synapse nodes that are digital adders."""
    return tuple(node for node in graph.nodes.values() if isinstance(node, SYNAPSES) and node.identity)


def pool_windows_of(graph: Graph) -> tuple[Conv2d, ...]:
    """The windows of max pools, one for each level: sums that `max_pool_into_neurons` puts before neurons."""
    return tuple(node for node in graph.of_type(Conv2d) if node.identity and node.weight.shape[2:] != (1, 1))


def matrix_of(node: Synapse) -> Matrix:
    """The shape of a synapse node on crossbars."""
    if isinstance(node, Conv2d):
        inputs = int(np.prod(node.weight.shape[1:]))
        positions = node.shape[1] * node.shape[2]
        return Matrix(node.name, node.shape[0] // node.groups, inputs, node.groups, positions)
    return Matrix(node.name, node.weight.shape[0], node.weight.shape[1], 1, 1)


def weights_of(node: Synapse) -> Array:
    """Weights [groups, outputs, inputs]; inputs of a convolution by channel, then row and column of the kernel."""
    matrix = matrix_of(node)
    grouped: Array = node.weight.reshape(matrix.groups, matrix.outputs, matrix.inputs)
    return grouped
