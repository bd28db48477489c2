"""The passes of tdBN over torch's operators, for any device; the coefficients make torch's kernels compute them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Pool = Callable[[Tensor, Tensor, int], tuple[Tensor, Tensor, int]]  # mean, variance, n: this process -> all of them
Average = Callable[[Tensor], Tensor]  # sums over this process -> averages over the batch of all processes


def usable(x: Tensor) -> bool:
    """True for every tensor."""
    return True


def statistics(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and biased variance."""
    mean, var = torch.batch_norm_update_stats(x, None, None, 0.0)
    return mean, var


def affine(x: Tensor, mean: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """(x - mean) * scale + shift, with autograd."""
    # torch.nn.functional.batch_norm is the same behind a check that refuses eps = 0 in torch 2.11
    y: Tensor = torch.batch_norm(
        x, scale, shift, mean, torch.ones_like(mean), False, 0.0, 0.0, torch.backends.cudnn.enabled
    )
    return y


def backward(
    g: Tensor, x: Tensor, mean: Tensor, scale: Tensor, pull: Tensor, average: Average | None
) -> tuple[Tensor, Tensor, Tensor]:
    """dL/dx, sum g and sum g (x - mean), the sums over this process."""
    # torch computes (g - <g> - q^2 (x - mean) <g (x - mean)>) * q * w, and q sum g (x - mean): take q^2 = pull
    q = pull.sqrt()
    alone = average is None
    grad_x, sum_q, sum_g = torch.ops.aten.native_batch_norm_backward(
        g, x, scale / q, None, None, mean, q, True, 0.0, [alone, True, True]
    )
    sum_gx = sum_q / q
    if average is not None:
        mean_g, mean_gx = average(torch.stack([sum_g, sum_gx]))
        per_x = -scale * pull * mean_gx
        shift = -scale * mean_g - per_x * mean
        shape = (1, -1, *[1] * (x.dim() - 2))
        grad_x = torch.addcmul(g * scale.view(shape), x, per_x.view(shape)).add_(shift.view(shape))
    return grad_x, sum_g, sum_gx
