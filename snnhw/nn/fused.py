"""tdBN and the MLF unit behind it as one operator: training does not keep the potentials between them.

Of two modules, each keeps its input for backward. Here only the input of the norm is kept, and backward computes the
potentials again. On a GPU with Triton statistics, norm and unit are three kernels (`kernels/fused_gpu.py`), on the CPU
norm and unit one walk over memory in C (`kernels/fused_native.py`), elsewhere both run one after the other.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.modules import module as modules

from snnhw.nn.kernels import fused_gpu, fused_native, passes_for
from snnhw.nn.kernels.constants import Affine, Channels, Recurrence
from snnhw.nn.neurons import MLF, fire, fire_backward
from snnhw.nn.norm import Batch, TDBatchNorm, average_of_all, pool_of_all


def fire_normalised(norm: nn.Module, unit: nn.Module, x: Tensor) -> Tensor:
    """unit(norm(x)), x [T*B, C, ...], with the same spikes bit for bit; gradients agree up to rounding.

    A norm and a unit of other classes, in evaluation, being traced or with hooks on them, are called as modules.

    In the Triton kernels the statistics are summed in another order than in the module, so that mean and scale may
    differ in their last digit; given the same ones, the spikes are the same bits. Under autocast spikes leave in the
    type of x, where the modules apart give float32: whole numbers of at most 32 levels are exact in either, and a
    convolution behind them takes the low one anyway.

    Raises:
        InputError: the shape of x is not what the norm and the unit take.
    """
    if type(norm) is not TDBatchNorm or type(unit) is not MLF or not norm.training or _watched(norm, unit, x):
        apart: Tensor = unit(norm(x))
        return apart
    norm.check(x)
    numbers = unit.recurrence(x)
    spikes: Tensor
    if fused_gpu.usable(x, norm.running_mean, numbers):
        spikes = _OnGpu.apply(x, *norm.affine_part(), norm, numbers)  # type: ignore[no-untyped-call]
    else:
        x = norm.accepted(x)
        spikes = _NormAndFire.apply(  # type: ignore[no-untyped-call]
            x, *norm.affine_part(), norm.observe(x), norm.factor, numbers
        )
    return spikes


def _watched(norm: nn.Module, unit: nn.Module, x: object) -> bool:
    """True where inputs or outputs of the modules are observed: by hooks, forward or backward, or by torch.fx."""
    kinds = ("_forward_pre_hooks", "_forward_hooks", "_backward_pre_hooks", "_backward_hooks")
    hooked = any(getattr(module, kind) for module in (norm, unit) for kind in kinds)
    everywhere = any(getattr(modules, f"_global{kind}") for kind in kinds)
    return hooked or everywhere or not isinstance(x, Tensor)


class _NormAndFire(torch.autograd.Function):
    """Forward and backward of both; keeps the input of the norm and a few numbers of each channel."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, gamma: Tensor, beta: Tensor, batch: Batch, factor: float, unit: Recurrence
    ) -> Tensor:
        ctx.save_for_backward(x, gamma, beta, *batch[:3])
        ctx.n, ctx.factor, ctx.unit = batch.n, factor, unit
        scale = gamma * factor * batch.r
        if fused_native.usable(x):
            return fused_native.fire(x, Affine(batch.mean, scale, beta), unit)
        return fire(passes_for(x).affine(x, batch.mean, scale, beta), unit)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_spikes: Tensor) -> tuple[Tensor | None, ...]:
        x, gamma, beta, mean, r, pull = ctx.saved_tensors
        scale, average = gamma * ctx.factor * r, average_of_all(ctx.n)
        if fused_native.usable(x):
            norm = Affine(mean, scale, beta)
            grad_x, sum_g, sum_gx = fused_native.backward(x, grad_spikes, norm, pull, ctx.unit, average)
        else:
            g = fire_backward(passes_for(x).affine(x, mean, scale, beta), grad_spikes, ctx.unit)
            grad_x, sum_g, sum_gx = passes_for(x).backward(g, x, mean, scale, pull, average)
        return grad_x, sum_gx * (ctx.factor * r), sum_g, None, None, None


class _OnGpu(torch.autograd.Function):
    """Forward and backward of both, statistics included; keeps the input of the norm and five numbers a channel."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, gamma: Tensor, beta: Tensor, norm: TDBatchNorm, unit: Recurrence) -> Tensor:
        running = norm.running_mean, norm.running_var
        layer = Channels(gamma, beta, *running, norm.factor, norm.eps, norm.momentum)
        dtype = x.dtype if torch.is_autocast_enabled(x.device.type) else norm.running_mean.dtype
        spikes, x, numbers, ctx.n = fused_gpu.forward(x, layer, unit, pool_of_all(), dtype)
        ctx.save_for_backward(x, numbers)
        ctx.unit = unit
        return spikes

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_spikes: Tensor) -> tuple[Tensor | None, ...]:
        x, numbers = ctx.saved_tensors
        grads = fused_gpu.backward(x, grad_spikes, numbers, ctx.unit, ctx.n, average_of_all(ctx.n))
        return *grads, None, None
