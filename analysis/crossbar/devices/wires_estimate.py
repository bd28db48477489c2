"""The resistance of wires by an estimate that costs a few sums for each tile, where the exact solution is too slow.

Takes what `wires.py` takes and gives the same effective conductances, from the voltages that the ideal currents would
drop: with r the resistance of a segment, on a word line before column j and on a bit line behind row i
    a[i, j] = r_w sum_k (min(j, k) + 1) G[i, k],   b[i, j] = r_b sum_l (rows - max(i, l)) G[l, j],
    M[i, j] = G[i, j] / ((1 + a[i, j]) (1 + b[i, j])).
To first order in r this is exact; what is left out is that less current flows than the ideal one. How far it is off is
measured in docs/devices.md.
"""

from __future__ import annotations

import torch
from torch import Tensor


def estimated_conductances(conductances: Tensor, word_ohm: float, bit_ohm: float) -> Tensor:
    """Effective conductances [..., rows, columns] of tiles with wires, to first order; arguments as in `wires.py`."""
    along_words = word_ohm * _weighted(conductances, -1)
    along_bits = bit_ohm * _weighted(conductances.flip(-2), -2).flip(-2)
    return conductances / ((1 + along_words) * (1 + along_bits))


def _weighted(conductances: Tensor, dim: int) -> Tensor:
    """sum_k (min(j, k) + 1) G_k for every j along `dim`: the sum over m <= j of all that flows beyond segment m."""
    beyond = torch.flip(torch.cumsum(torch.flip(conductances, (dim,)), dim), (dim,))
    return torch.cumsum(beyond, dim)
