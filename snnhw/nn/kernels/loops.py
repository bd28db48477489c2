"""The MLF recurrence over torch's operators, for any device: few passes over memory, in place, in cache-sized chunks.

Arrays are [T, n], n neurons side by side. The reset is not detached:
    with c = decay * dL/du[t+1]:  dL/du[t] = h(u[t]) * (g[t] - c * u[t]) + c * (1 - s[t]),  summed over the levels
Products are rounded before they are added, as the equations have it and the C and Triton loops do. torch.add(alpha=)
and torch.addcmul would not: torch fuses the product into the sum on CUDA and on processors with FMA instructions.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from snnhw.nn.kernels.constants import next_above, slope, support

# Neurons handled at once: the membranes of all steps of one level stay in the second-level cache.
CHUNK = 1 << 16
_keep_between = torch.ops.aten.hardtanh_backward.grad_input  # grad where low < x < high, else 0, in one vectorised pass


def usable(x: Tensor) -> bool:
    """True for every tensor."""
    return True


def fire(x: Tensor, spikes: Tensor, thresholds: Sequence[float], decay: float) -> None:
    """Write o [T, n] for x [T, n]."""
    for a in range(0, x.shape[1], CHUNK):
        _fire(x[:, a : a + CHUNK], spikes[:, a : a + CHUNK], thresholds, decay)


def fire_backward(
    x: Tensor, g: Tensor, grad_x: Tensor, thresholds: Sequence[float], decay: float, width: float
) -> None:
    """Write dL/dx [T, n] for x and g = dL/do [T, n]."""
    for a in range(0, x.shape[1], CHUNK):
        part = slice(a, a + CHUNK)
        _fire_backward(x[:, part], g[:, part], grad_x[:, part], thresholds, decay, width)


def _fire(x: Tensor, spikes: Tensor, thresholds: Sequence[float], decay: float) -> None:
    scratch, carry = torch.empty_like(x[0]), torch.empty_like(x[0])
    for level, theta in enumerate(thresholds):
        above = next_above(theta, x.dtype)
        u = x[0]
        for t, out in enumerate(spikes):
            if t:
                u = torch.add(x[t], carry.mul_(decay), out=scratch)
            _keep_between(u, u, -torch.inf, above, grad_input=carry)  # u * (1 - s)
            if level == 0:
                torch.gt(u, theta, out=out)
            else:
                out.add_(torch.gt(u, theta, out=scratch))


def _fire_backward(
    x: Tensor, g: Tensor, grad_x: Tensor, thresholds: Sequence[float], decay: float, width: float
) -> None:
    last = x.shape[0] - 1
    u = torch.empty_like(x, memory_format=torch.contiguous_format)
    carry, grad_u, through_spike = (torch.empty_like(x[0]) for _ in range(3))
    for level, theta in enumerate(thresholds):
        above = next_above(theta, x.dtype)
        low, high = support(theta, width, x.dtype)
        u[0].copy_(x[0])
        for t in range(last):
            _keep_between(u[t], u[t], -torch.inf, above, grad_input=carry)
            torch.add(x[t + 1], carry.mul_(decay), out=u[t + 1])
        grad_u.zero_()
        for t in range(last, -1, -1):
            torch.mul(grad_u, decay, out=carry)
            torch.sub(g[t], torch.mul(carry, u[t], out=through_spike), out=through_spike)
            if width != 1.0:
                through_spike.mul_(slope(width, x.dtype))
            _keep_between(through_spike, u[t], low, high, grad_input=through_spike)
            _keep_between(carry, u[t], -torch.inf, above, grad_input=carry)
            torch.add(through_spike, carry, out=grad_u)
            if level == 0:
                grad_x[t].copy_(grad_u)
            else:
                grad_x[t].add_(grad_u)
