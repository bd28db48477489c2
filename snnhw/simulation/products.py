"""How often spikes meet in a product of two spike tensors: it depends on both at once, so it is counted as they run."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from snnhw.graph.ir import Array, Graph, Product
from snnhw.simulation.record import Meetings
from snnhw.simulation.synapses import factors_of


def products_of_spikes(graph: Graph) -> frozenset[str]:
    """Names of the products of which both factors are spikes."""
    return frozenset(n.name for n in graph.of_type(Product) if None not in graph.factor_levels(n.name))


def meetings(graph: Graph, node: Product, x: Tensor, steps: int) -> Meetings:
    """The pairs of spikes that meet in `node`, for what arrives in it [1 or T, B, both]; one step is the same in all.

    An element of the left factor meets all those of the right one that it is multiplied with: of A[n, d] @ B[d, m], the
    pairs in which neither is 0 are sum_d (spikes in column d of A) (spikes in row d of B).
    """
    left, right = factors_of(node, x.to(torch.float64))
    events = _pairs((left != 0).to(torch.float64), (right != 0).to(torch.float64))
    binary = graph.factor_levels(node.name) == (1, 1)
    synops = events if binary else _pairs(left, right)
    return Meetings(*(np.broadcast_to(found, (steps,)).copy() for found in (events, synops)))


def _pairs(left: Tensor, right: Tensor) -> Array:
    """int64 [T]: the sum of the products of all pairs that meet; float64 is exact for these integers below 2^53."""
    met = left.sum(dim=3) * right.sum(dim=4)  # [T, B, groups, inner]
    total: Array = met.sum(dim=(1, 2, 3)).round().to(torch.int64).cpu().numpy()
    return total
