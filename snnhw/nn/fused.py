"""tdBN and the MLF unit behind it as one operator: training does not keep the potentials between them.

Of two modules, each keeps its input for backward. Here only the input of the norm is kept, and backward computes the
potentials again. On the CPU both run in one walk over memory, elsewhere one after the other.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.modules import module as modules

from snnhw.nn.kernels import fused_native, passes_for
from snnhw.nn.kernels.constants import Affine, Recurrence
from snnhw.nn.neurons import MLF, fire, fire_backward
from snnhw.nn.norm import Batch, TDBatchNorm, average_of_all


def fire_normalised(norm: nn.Module, unit: nn.Module, x: Tensor) -> Tensor:
    """unit(norm(x)), x [T*B, C, ...], with the same spikes bit for bit; gradients agree up to rounding.

    A norm and a unit of other classes, in evaluation, being traced or with hooks on them, are called as modules.

    Raises:
        InputError: the shape of x is not what the norm and the unit take.
    """
    if type(norm) is not TDBatchNorm or type(unit) is not MLF or not norm.training or _watched(norm, unit, x):
        apart: Tensor = unit(norm(x))
        return apart
    x = norm.accepted(x)
    numbers = unit.recurrence(x)
    spikes: Tensor = _NormAndFire.apply(  # type: ignore[no-untyped-call]
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
