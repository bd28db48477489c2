"""Neurons and currents that a graph has, as torch computes them forwards and backwards, one step after the other.

    u[t] = decay * u[t-1] * (1 - s[t-1]) + x[t] + leak;  s[t] = u[t] > theta (strict),  levels added up
Backward as in MLF (Feng et al., IJCAI 2022): ds/du = 1 where |u - theta| < 1/2, else 0, and the reset is not detached.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from snnhw.graph.ir import LI, LIF, MLF, Array

HALF_WIDTH = 0.5  # of the rectangle that stands in for the derivative of the step


class TrainableNeuron:
    """A population: plain neurons with a leak and a state to start from, of one level or of several.

    Args:
        node: its numbers; what else an LIF may have is folded before (`fold_neuron`).
        thresholds: of its levels, in place of the node's.
    """

    def __init__(self, node: LIF | MLF, thresholds: Sequence[float | Array]) -> None:
        self.node = node
        self.thresholds = thresholds
        self.membranes: list[Tensor] = []

    def start(self) -> None:
        """Before the first step of a batch."""
        self.membranes = []

    def step(self, x: Tensor) -> Tensor:
        """Spikes of one step [B, *shape], added up over the levels."""
        node, sent = self.node, torch.zeros_like(x)
        leak, first = (node.leak, node.start) if isinstance(node, LIF) else (0.0, 0.0)
        if not self.membranes:
            self.membranes = [torch.zeros_like(x) + _value(first, x) for _ in self.thresholds]
        decay = _value(node.decay, x)
        for level, theta in enumerate(self.thresholds):
            u = decay * self.membranes[level] + x + _value(leak, x)
            spikes: Tensor = _Fires.apply(u - _value(theta, x))  # type: ignore[no-untyped-call]
            self.membranes[level] = u * (1 - spikes)
            sent = sent + spikes
        return sent


class TrainableCurrent:
    """A leaky integrator: v[t] = decay * v[t-1] + gain * x[t] + leak."""

    def __init__(self, node: LI) -> None:
        self.node = node
        self.value: Tensor | None = None

    def start(self) -> None:
        """Before the first step of a batch."""
        self.value = None

    def step(self, x: Tensor) -> Tensor:
        """Its value after one step [B, *shape]."""
        node = self.node
        before = torch.zeros_like(x) + _value(node.start, x) if self.value is None else self.value
        self.value = _value(node.decay, x) * before + _value(node.gain, x) * x + _value(node.leak, x)
        return self.value


class _Fires(torch.autograd.Function):
    """1 where the membrane is above its threshold."""

    @staticmethod
    def forward(ctx: Any, above: Tensor) -> Tensor:
        ctx.save_for_backward(above)
        return (above > 0).to(above.dtype)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (above,) = ctx.saved_tensors
        through: Tensor = grad * (above.abs() < HALF_WIDTH)
        return through


def _value(parameter: float | Array, like: Tensor) -> float | Tensor:
    if isinstance(parameter, float | int):
        return parameter
    return torch.as_tensor(parameter, dtype=like.dtype, device=like.device)
