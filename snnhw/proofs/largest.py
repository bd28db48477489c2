"""The largest integers that can occur in a graph of Loihi integers, whatever the data: bounds by induction over it."""

from __future__ import annotations

from math import ceil

import numpy as np

from snnhw.graph.ir import SYNAPSES, Array, Graph, Input, LoihiLIF, Neuron, Pool
from snnhw.graph.loihi import DECAY_ONE, UNITS_PER_WEIGHT
from snnhw.proofs.interval import rows_of


def largest_input(graph: Graph, name: str) -> int:
    """Bound on the absolute integer that can arrive at node `name` of an integer graph (weight units at a neuron)."""
    return sum(abs(edge.gain) * largest_output(graph, edge.source) for edge in graph.into(name))


def highest_current(graph: Graph, neuron: LoihiLIF) -> int:
    """Bound on the absolute current of a neuron of an integer graph in T steps, in weight units.

    Of what arrived, kept/4096 stays in each step, and truncation towards zero only makes it smaller. What a current
    starts from and what arrives are added up in each channel, since the largest of both may lie in two channels.
    """
    kept = np.maximum(0, rows_of(neuron.current_kept, neuron.shape)) / DECAY_ONE
    first = np.abs(rows_of(neuron.current_start, neuron.shape))
    arriving = np.zeros(neuron.shape[0])
    for edge in graph.into(neuron.name):
        arriving += abs(edge.gain) * _largest_of_channels(graph, edge.source)
    summed = arriving[:, None] * summed_shares(kept, graph.timesteps)
    return ceil(float(np.max(kept * first / UNITS_PER_WEIGHT + summed)))


def summed_shares(kept: Array, timesteps: int) -> Array:
    """1 + kept + kept^2 + ... of `timesteps` terms: the most that a constant input of 1 adds up to."""
    total, share = np.ones_like(kept), np.ones_like(kept)
    for _ in range(1, timesteps):
        share = share * kept
        total = total + share
    return total


def largest_output(graph: Graph, name: str) -> int:
    """Bound on the absolute integer that node `name` of an integer graph sends.

    For a synapse the largest row sum of |w| times the largest input, plus |bias|: every partial sum of the product is
    below it too, whatever the order of summation.
    """
    node = graph.nodes[name]
    if isinstance(node, SYNAPSES):
        return int(_largest_of_channels(graph, name).max(initial=0))
    if isinstance(node, Input):
        return int(2 ** (node.bits - 1))
    if isinstance(node, Neuron):
        return graph.signal(name).levels
    arriving = largest_input(graph, name)
    if isinstance(node, Pool) and node.kind == "sum":
        return arriving * node.kernel[0] * node.kernel[1]
    return arriving


def _largest_of_channels(graph: Graph, name: str) -> Array:
    """`largest_output` of each channel [O] of a synapse; one number [1] for all channels of any other node."""
    node = graph.nodes[name]
    if not isinstance(node, SYNAPSES):
        return np.array([largest_output(graph, name)], dtype=np.int64)
    rows = np.abs(node.weight.astype(np.int64)).reshape(node.weight.shape[0], -1).sum(axis=1)
    bias = 0 if node.bias is None else np.ceil(np.abs(node.bias)).astype(np.int64)
    largest: Array = rows * largest_input(graph, name) + bias
    return largest
