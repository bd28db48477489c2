"""Threshold-dependent batch normalisation (tdBN) as in the MLF authors' code (Feng et al., 2022; Zheng et al., 2021).

    y = gamma * factor * (x - mean) / (sqrt(var) + eps) + beta,   statistics over (T*N, H, W), eps outside the root

`factor` is the first threshold. Training uses the biased variance; the running one is scaled by n/(n-1).
torch's kernels do the passes over memory: the coefficients below make them compute the equation above exactly.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from snnhw.errors import InputError

SMALLEST_DEVIATION = 1e-20  # keeps r / sigma finite in a channel that is constant, where its factor x - mean is 0


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
        if x.dim() < 2 or x.shape[1] != self.channels:
            raise InputError(
                f"TDBatchNorm of {self.channels} channels got {tuple(x.shape)}; give [T*N, {self.channels}, H, W]."
            )
        x = x.to(self.running_mean.dtype)  # under autocast, potentials and their statistics stay in full precision
        gamma = self.running_mean.new_ones(self.channels) if self.weight is None else self.weight
        beta = self.running_mean.new_zeros(self.channels) if self.bias is None else self.bias
        if self.training:
            y, mean, var, scale, n = _NormByBatch.apply(  # type: ignore[no-untyped-call]
                x, gamma, beta, self.factor, self.eps
            )
            with torch.no_grad():
                self.running_mean.lerp_(mean, self.momentum)
                self.running_var.lerp_(var * (n / max(n - 1, 1)), self.momentum)
            normalised: Tensor = y
            if normalised.requires_grad:
                affine = Affine(x.detach(), mean, scale, beta.detach())
                normalised.made_of = (affine, normalised._version)  # type: ignore[attr-defined]
            return normalised
        scale = gamma * self.factor / (self.running_var.sqrt() + self.eps)
        return Affine(x, self.running_mean, scale, beta).value()

    def extra_repr(self) -> str:
        """Shown by print(network)."""
        return f"{self.channels}, factor={self.factor}, eps={self.eps}, affine={self.affine}"


class Affine(NamedTuple):
    """(x - mean) * scale + shift per channel: a tensor as the smaller thing to keep when x is kept anyway.

    In training the output of tdBN carries it as `made_of`, so that the unit behind need not keep its own input.
    """

    x: Tensor
    mean: Tensor
    scale: Tensor
    shift: Tensor

    def value(self) -> Tensor:
        """The tensor, in one pass over memory; the same bits each time."""
        ones = torch.ones_like(self.mean)
        return nn.functional.batch_norm(self.x, self.mean, ones, self.scale, self.shift, False, 0.0, 0.0)


def affine_behind(x: Tensor) -> Affine | None:
    """What x equals if it is the output of tdBN and nothing has been written into it since, else None."""
    affine, version = getattr(x, "made_of", (None, -1))
    return affine if affine is not None and x._version == version else None


class _NormByBatch(torch.autograd.Function):
    """Forward and backward over a batch.

    With sigma = sqrt(var), r = 1/(sigma + eps), s = gamma * factor and averages <.> over the batch of all processes:

    dL/dx = s r (g - <g> - (r / sigma) (x - mean) <g (x - mean)>);  dL/dgamma = factor r sum g (x - mean).
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, gamma: Tensor, beta: Tensor, factor: float, eps: float
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, int]:
        mean, var = torch.batch_norm_update_stats(x, None, None, 0.0)
        n = x.numel() // x.shape[1]
        if _processes() > 1:
            mean, var, n = _pooled(mean, var, n)
        sigma = var.sqrt()
        r = 1.0 / (sigma + eps)
        ctx.save_for_backward(x, gamma, mean, sigma, r)
        ctx.factor, ctx.n = factor, n
        scale = gamma * factor * r
        ctx.mark_non_differentiable(mean, var, scale)
        return Affine(x, mean, scale, beta).value(), mean, var, scale, n

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, g: Tensor, *_: Any) -> tuple[Tensor | None, ...]:
        x, gamma, mean, sigma, r = ctx.saved_tensors
        scale = gamma * ctx.factor * r
        # torch computes (g - <g> - q^2 (x - mean) <g (x - mean)>) * q * w: take q^2 = r / sigma and w = s r / q
        q = (r / sigma.clamp_min(SMALLEST_DEVIATION)).sqrt()
        alone = _processes() == 1
        wanted = [alone and ctx.needs_input_grad[0], True, True]
        grad_x, sum_q, sum_g = torch.ops.aten.native_batch_norm_backward(
            g, x, scale / q, None, None, mean, q, True, 0.0, wanted
        )
        grad_gamma = sum_q * (ctx.factor * r / q)
        if not alone and ctx.needs_input_grad[0]:
            totals = torch.stack([sum_g, sum_q])
            dist.all_reduce(totals)
            per_x = -scale * q * totals[1] / ctx.n
            shift = -scale * totals[0] / ctx.n - per_x * mean
            shape = (1, -1, *[1] * (x.dim() - 2))
            grad_x = torch.addcmul(g * scale.view(shape), x, per_x.view(shape)).add_(shift.view(shape))
        return grad_x, grad_gamma, sum_g, None, None


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


def _processes() -> int:
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1
