"""Rules about integers in the words of a processor: weights of 16 bits, sums of 32 that never wrap."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from snnhw.graph.finding import Finding
from snnhw.graph.ir import SYNAPSES, Array, Conv2d, Graph, Input, Linear, LoihiLIF, Pool, Readout
from snnhw.graph.loihi import CURRENT_RANGE
from snnhw.proofs.largest import largest_input, largest_output

WEIGHT_LIMIT = 2**15 - 1
SUM_LIMIT = 2**31 - 1
ACCUMULATED = 2**24  # weights, from which on 64 times the sum of the bits of an input may leave 32 bits
WRAPS = CURRENT_RANGE // 2  # from which on convolutions of Lava, and of the engine, wrap


def in_integers(graph: Graph, title: str) -> Iterator[Finding]:
    """An error where neurons are in floats, or there are none."""
    if not graph.of_type(LoihiLIF):
        message = f"it is in floats, and {title} computes in integers"
        yield Finding("not-quantised", "error", "", message, "give --calibrate, or run snnhw quantise")


def weights(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each layer whose weights are no integers of 16 bits."""
    for node in graph.nodes.values():
        if isinstance(node, SYNAPSES) and (
            not _whole(node.weight) or np.abs(node.weight).max(initial=0) > WEIGHT_LIMIT
        ):
            message = f"its weights are not the integers {-WEIGHT_LIMIT}..{WEIGHT_LIMIT}"
            yield Finding("weight-range", "error", node.name, message, "quantise the network again")


def biases(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each layer whose biases are no integers."""
    for node in graph.nodes.values():
        if isinstance(node, SYNAPSES) and node.bias is not None and not _whole(node.bias):
            message = "its biases are no integers"
            yield Finding("bias-range", "error", node.name, message, "quantise the network again")


def sums(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each layer, pool or read-out whose sums can leave 32 bits, or of a convolution 24."""
    for node in graph.of_type(Conv2d, Linear, Pool, Readout):
        limit = WRAPS - 1 if isinstance(node, Conv2d) else SUM_LIMIT
        largest = largest_input(graph, node.name) if isinstance(node, Readout) else largest_output(graph, node.name)
        if largest > limit:
            message = f"its sums can reach {largest}, and beyond {limit} they wrap"
            yield Finding("sum-range", "error", node.name, message, "use fewer inputs or smaller weights")


def accumulators(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each population or read-out whose sums could leave the 32 bits in which they are added up."""
    for node in graph.of_type(LoihiLIF, Readout):
        largest = largest_input(graph, node.name)
        if largest >= ACCUMULATED:
            message = f"its sums can reach {largest}, and from {ACCUMULATED} on {title} could wrap without a word"
            yield Finding("sum-range", "error", node.name, message, "use fewer inputs or smaller weights")


def inputs(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for an input of more bits than the integers that travel between layers have."""
    for node in graph.of_type(Input):
        if not 1 <= node.bits <= 16:
            message = f"its integers have {node.bits} bits, and {title} takes 1 to 16"
            yield Finding("input-bits", "error", node.name, message, "quantise the network again")


def reading(graph: Graph, title: str) -> Iterator[Finding]:
    """One error for each read-out that divides."""
    for node in graph.of_type(Readout):
        if node.reduction == "mean":
            message = "it reads a mean, and integers do not divide"
            yield Finding("readout", "error", node.name, message, "read the sum, whose largest entry is the same")


def _whole(values: Array) -> bool:
    return bool(np.array_equal(values, np.rint(values)))
