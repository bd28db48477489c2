"""The MLF recurrence as loops: in C on the CPU, in Triton on CUDA, over torch's operators where neither is at hand.

All give the same bits in float32 and in float64, forward and backward.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from torch import Tensor

from snnhw.nn.kernels import gpu, loops, native


class Loops(Protocol):
    """Contract of an implementation, a module; arrays are contiguous [T, n] in float32 or float64."""

    def usable(self, x: Tensor) -> bool:
        """True where it can work on x."""

    def fire(self, x: Tensor, spikes: Tensor, thresholds: Sequence[float], decay: float) -> None:
        """Write o [T, n] for x [T, n]."""

    def fire_backward(
        self, x: Tensor, g: Tensor, grad_x: Tensor, thresholds: Sequence[float], decay: float, width: float
    ) -> None:
        """Write dL/dx [T, n] for x and g = dL/do [T, n]."""


LOOPS: tuple[Loops, ...] = (native, gpu, loops)  # the first that is usable does the work; the last always is


def loops_for(x: Tensor) -> Loops:
    """The implementation that works on x."""
    return next(implementation for implementation in LOOPS if implementation.usable(x))
