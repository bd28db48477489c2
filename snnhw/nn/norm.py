"""Threshold-dependent batch normalisation (tdBN) as in the MLF authors' code (Feng et al., 2022; Zheng et al., 2021).

    y = gamma * factor * (x - mean) / (sqrt(var) + eps) + beta,   statistics over (T*N, H, W), eps outside the root

`factor` is the first threshold. Training uses the biased variance; the running one is scaled by n/(n-1).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from snnhw.errors import InputError
from snnhw.nn.kernels import passes_for, tdbn_operators
from snnhw.nn.kernels.constants import SMALLEST_DEVIATION
from snnhw.nn.kernels.tdbn_operators import Average, Pool


class TDBatchNorm(nn.Module):
    """tdBN on [T*N, C, H, W] or [T*N, C]; under several processes the statistics are those of all of them.

    State dict: weight, bias (when affine), running_mean, running_var, each [C].
    """

    weight: Tensor | None
    bias: Tensor | None
    running_mean: Tensor
    running_var: Tensor

    def __init__(
        self, channels: int, factor: float = 0.6, eps: float = 1e-5, momentum: float = 0.1, affine: bool = True
    ) -> None:
        super().__init__()
        self.channels, self.factor, self.eps, self.momentum, self.affine = channels, factor, eps, momentum, affine
        if affine:
            self.weight = nn.Parameter(torch.ones(channels))
            self.bias = nn.Parameter(torch.zeros(channels))
        else:
            self.register_parameter("weight", None)
            self.register_parameter("bias", None)
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Normalised x, same shape.

        Raises:
            InputError: the channels of x are not those of the layer.
        """
        x = self.accepted(x)
        gamma, beta = self.affine_part()
        if self.training:
            normalised: Tensor = _NormByBatch.apply(  # type: ignore[no-untyped-call]
                x, gamma, beta, self.observe(x), self.factor
            )
            return normalised
        scale = gamma * self.factor / (self.running_var.sqrt() + self.eps)
        return tdbn_operators.affine(x, self.running_mean, scale, beta)

    def accepted(self, x: Tensor) -> Tensor:
        """x in the precision of the layer: under autocast, potentials and their statistics stay in full precision.

        Raises:
            InputError: the channels of x are not those of the layer.
        """
        self.check(x)
        return x.to(self.running_mean.dtype)

    def check(self, x: Tensor) -> None:
        """Nothing, where the layer can take x.

        Raises:
            InputError: the channels of x are not those of the layer.
        """
        if x.dim() < 2 or x.shape[1] != self.channels:
            raise InputError(
                f"TDBatchNorm of {self.channels} channels got {tuple(x.shape)}; give [T*N, {self.channels}, H, W]."
            )

    def affine_part(self) -> tuple[Tensor, Tensor]:
        """gamma and beta, each [C] and contiguous: 1 and 0 in a layer without."""
        gamma = self.running_mean.new_ones(self.channels) if self.weight is None else self.weight
        beta = self.running_mean.new_zeros(self.channels) if self.bias is None else self.bias
        return gamma.contiguous(), beta.contiguous()

    @torch.no_grad()
    def observe(self, x: Tensor) -> Batch:
        """Statistics of the batch x; the running ones follow them."""
        mean, var = passes_for(x).statistics(x)
        n = x.numel() // x.shape[1]
        pool = pool_of_all()
        if pool is not None:
            mean, var, n = pool(mean, var, n)
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(var * (n / max(n - 1, 1)), self.momentum)
        sigma = var.sqrt()
        r = 1.0 / (sigma + self.eps)
        return Batch(mean, r, r / sigma.clamp_min(SMALLEST_DEVIATION), n)

    def extra_repr(self) -> str:
        """Shown by print(network)."""
        return f"{self.channels}, factor={self.factor}, eps={self.eps}, affine={self.affine}"


class Batch(NamedTuple):
    """Statistics of a batch over all processes: mean, r = 1/(sigma + eps) and r / sigma, each [C], and its size."""

    mean: Tensor
    r: Tensor
    pull: Tensor
    n: int


class _NormByBatch(torch.autograd.Function):
    """Forward and backward over a batch.

    With sigma = sqrt(var), r = 1/(sigma + eps), s = gamma * factor and averages <.> over the batch of all processes:

    dL/dx = s r (g - <g> - (r / sigma) (x - mean) <g (x - mean)>);  dL/dgamma = factor r sum g (x - mean).
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, gamma: Tensor, beta: Tensor, batch: Batch, factor: float) -> Tensor:
        ctx.save_for_backward(x, gamma, *batch[:3])
        ctx.n, ctx.factor = batch.n, factor
        return passes_for(x).affine(x, batch.mean, gamma * factor * batch.r, beta)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, ...]:
        x, gamma, mean, r, pull = ctx.saved_tensors
        scale = gamma * ctx.factor * r
        grad_x, sum_g, sum_gx = passes_for(x).backward(g, x, mean, scale, pull, average_of_all(ctx.n))
        return grad_x, sum_gx * (ctx.factor * r), sum_g, None, None


def _pooled(mean: Tensor, var: Tensor, n: int) -> tuple[Tensor, Tensor, int]:
    """Mean, biased variance and count of the samples of all processes."""
    kind = mean.dtype
    mean, var = mean.double(), var.double()
    sums = torch.cat([mean.new_tensor([float(n)]), mean * n, (var + mean * mean) * n])
    dist.all_reduce(sums)
    total = sums[0]
    channels = mean.numel()
    mean_all = sums[1 : 1 + channels] / total
    var_all = (sums[1 + channels :] / total - mean_all * mean_all).clamp_min(0.0)
    return mean_all.to(kind), var_all.to(kind), int(total)


def pool_of_all() -> Pool | None:
    """Moments of this process -> those of the samples of all; None where it is the only one."""
    return None if _processes() == 1 else _pooled


def average_of_all(n: int) -> Average | None:
    """Sums of this process -> averages over the n samples of all; None where it is the only one."""
    if _processes() == 1:
        return None

    def average(sums: Tensor) -> Tensor:
        total = sums.clone()
        dist.all_reduce(total)
        return total / n

    return average


def _processes() -> int:
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1
