"""What levels with gates are expected to cost: each as much as if it were open, times the probability that it is.

    E = sum over units of [ p_1 e_1 + .. + p_K e_K - sum over k of (1 - p_k) h ],   p_1 = 1, p_k = P(z_k > 0)

e_k are the spikes of level k times their prices, h what having a level costs whatever it sends: updates of its membrane
and, where every level has synapses of its own, what arrives there. h is asked of the counters for a few samples at the
start of an epoch, so that E is an expectation to first order.
"""

from __future__ import annotations

import torch
from torch import Tensor

from snnhw.nn.level_gates import GatedMLF


def expected_spent(
    unit: GatedMLF, x: Tensor, price: Tensor, graded: Tensor | None
) -> tuple[Tensor | None, tuple[Tensor, ...]]:
    """Expected prices of graded spikes, and of the spikes of levels 1..K, summed over x [rows, *shape]; float64.

    A graded spike is sent where some open level fires: 1 - (1 - p_1 s_1) .. (1 - p_K s_K), the gates being independent.
    """
    fired, openness = unit.fired(x), unit.openness().double()
    levels = tuple(
        p * (level.sum(0, dtype=torch.float64) * price).sum() for p, level in zip(openness, fired, strict=True)
    )
    if graded is None:
        return None, levels
    silent = torch.ones_like(fired[0], dtype=torch.float64)
    for p, level in zip(openness, fired, strict=True):
        silent = silent * (1.0 - p * level)
    return ((1.0 - silent).sum(0) * graded).sum(), levels


def expected_closed(unit: GatedMLF) -> Tensor:
    """How many levels of the unit are expected to be closed; float64."""
    closed: Tensor = (1.0 - unit.openness().double()).sum()
    return closed
