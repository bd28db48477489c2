"""Known faults of exporters, undone where the user says who wrote the file (`snnhw.nir.conventions`).

spyx leads the input of a recurrent layer into its recurrent weights, keeps the columns of a matrix behind a flatten in
the order height, width, channels, and writes the zeros of both sides of a pool as those of one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from snnhw.errors import InputError
from snnhw.graph.ir import Edge, Flatten, Linear, Node
from snnhw.nir.file import RawNode
from snnhw.nir.read.fields import Context
from snnhw.nir.read.flatten import FlatGraph

NEURONS = ("IF", "LIF", "CubaLIF")
MATRICES = ("Affine", "Linear")


def mended(flat: FlatGraph, context: Context) -> FlatGraph:
    """The file as its framework means it.

    Raises:
        InputError: a pool whose zeros the file does not place.
    """
    convention = context.convention
    if convention.sums_padding:
        _refuse_padded_pools(flat, convention.name)
    return _past_recurrence(flat, context) if convention.feeds_recurrence else flat


def _past_recurrence(flat: FlatGraph, context: Context) -> FlatGraph:
    """Inputs of recurrent weights, other than the neurons that the weights lead to, go to these neurons."""
    edges = list(flat.edges)
    for name, node in flat.nodes.items():
        targets = [b for a, b in flat.edges if a == name]
        if node.type not in MATRICES or len(targets) != 1 or (targets[0], name) not in flat.edges:
            continue
        (neurons,) = targets
        if flat.nodes[neurons].type not in NEURONS:
            continue
        edges = [(a, neurons) if b == name and a != neurons else (a, b) for a, b in edges]
        context.find(
            "input-past-recurrence",
            "info",
            name,
            f"what enters the recurrent weights from outside goes to their neurons {neurons!r}, as in "
            f"{context.convention.name}",
            "none needed",
        )
    return FlatGraph(flat.nodes, tuple(dict.fromkeys(edges)))


def _refuse_padded_pools(flat: FlatGraph, framework: str) -> None:
    for name, node in flat.nodes.items():
        if node.type == "SumPool2d" and _pads(node):
            raise InputError(
                f"Pool {name!r} pads its input, and {framework} writes only how many zeros both sides get together; "
                'choose sizes that the pool divides, with padding "VALID", and export again.'
            )


def _pads(node: RawNode) -> bool:
    padding = np.asarray(node.fields.get("padding", 0))
    return padding.dtype.kind in "iuf" and bool(padding.any())


def channels_first(nodes: Mapping[str, Node], edges: Sequence[Edge], context: Context) -> dict[str, Node]:
    """Columns of matrices behind a flatten in the order channels, height, width.

    Raises:
        InputError: something other than a matrix follows the flatten.
    """
    found = dict(nodes)
    for name in [n for n, node in nodes.items() if isinstance(node, Flatten)]:
        arriving = nodes[next(e.source for e in edges if e.target == name)].shape
        if len(arriving) != 3 or arriving[0] == 1 or arriving[1:] == (1, 1):
            continue
        for target in [e.target for e in edges if e.source == name]:
            matrix = found[target]
            if not isinstance(matrix, Linear):
                raise InputError(
                    f"Node {target!r} gets the flattened {list(arriving)} of {context.convention.name} in the order "
                    "height, width, channels; only a matrix may follow there."
                )
            channels, height, width = arriving
            weight = matrix.weight.reshape(-1, height, width, channels).transpose(0, 3, 1, 2)
            weight = np.ascontiguousarray(weight.reshape(matrix.weight.shape))
            found[target] = dataclasses.replace(matrix, weight=weight)
    return found
