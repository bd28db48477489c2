"""Pass: normalisation into the synapse before it, exactly (both BN kinds), in float64.

Precondition: each Norm is fed by one Conv2d or Linear that feeds nothing else, or by something that is no synapse (the
input), in which case it becomes a depthwise 1x1 convolution, of vectors a diagonal matrix. Postcondition: no Norm is
left; values are unchanged up to float64 rounding. With (scale, shift) = Norm.affine():  W' = scale*W,
b' = scale*b + shift.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from snnhw.errors import InputError
from snnhw.graph.ir import SYNAPSES, Conv2d, Edge, Graph, Linear, Node, Norm, Synapse


def fold_norm(graph: Graph) -> Graph:
    """Graph without Norm nodes.

    Raises:
        InputError: a synapse feeds a Norm and something else, so that it cannot take the scale.
    """
    for synapse, norm in shared_norms(graph):
        raise InputError(
            f"Synapse {synapse.name!r} feeds {norm.name!r} and other nodes; give the norm its own synapse."
        )
    folded: dict[str, Node] = {}
    renamed: dict[str, str] = {}  # norm -> the synapse that has taken it
    for norm in graph.of_type(Norm):
        before = _taking(graph, norm)
        if before is not None:
            folded[before.name] = _scaled(before, norm)
            renamed[norm.name] = before.name
        else:
            folded[norm.name] = _depthwise(norm)
    nodes = [folded.get(n.name, n) for n in graph.nodes.values() if n.name not in renamed]
    edges = [
        dataclasses.replace(e, source=renamed.get(e.source, e.source)) for e in graph.edges if e.target not in renamed
    ]
    return graph.replace(nodes=nodes, edges=tuple(Edge(e.source, e.target, e.gain, e.delay) for e in edges))


def shared_norms(graph: Graph) -> list[tuple[Synapse, Norm]]:
    """The synapses that would have to take a norm although something else takes their sums too, with that norm."""
    taking = [(_taking(graph, norm), norm) for norm in graph.of_type(Norm)]
    return [(synapse, norm) for synapse, norm in taking if synapse is not None and len(graph.out_of(synapse.name)) != 1]


def _taking(graph: Graph, norm: Norm) -> Synapse | None:
    """The synapse that the norm is folded into, None where it becomes one of its own."""
    into = graph.into(norm.name)
    before = graph.nodes[into[0].source] if len(into) == 1 and into[0].gain == 1 else None
    return before if isinstance(before, SYNAPSES) else None


def _scaled(synapse: Conv2d | Linear, norm: Norm) -> Node:
    scale, shift = norm.affine()
    weight = synapse.weight.astype(np.float64) * scale.reshape((-1,) + (1,) * (synapse.weight.ndim - 1))
    bias = shift if synapse.bias is None else shift + scale * synapse.bias.astype(np.float64)
    return dataclasses.replace(synapse, weight=weight, bias=bias)


def _depthwise(norm: Norm) -> Node:
    scale, shift = norm.affine()
    if len(norm.shape) == 1:
        return Linear(name=norm.name, shape=norm.shape, weight=np.diag(scale), bias=shift)
    return Conv2d(name=norm.name, shape=norm.shape, weight=scale.reshape(-1, 1, 1, 1), bias=shift, groups=norm.shape[0])
