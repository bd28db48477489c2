"""The MLF recurrence as loops: in C on the CPU, in Triton on CUDA, over torch's operators where neither is at hand.

All give the same bits in float32 and in float64, forward and backward. The passes of tdBN beside them, in C or over
torch's operators, sum in another order and so agree up to rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from torch import Tensor

from snnhw.nn.kernels import gpu, loops, native, tdbn_native, tdbn_operators
from snnhw.nn.kernels.tdbn_operators import Average


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


class Passes(Protocol):
    """Contract of an implementation of tdBN's passes over a batch x [N, C, ...], a module; all else is [C].

    dL/dx = scale * (g - <g> - (x - mean) * pull * <g (x - mean)>), <.> over the batch.
    """

    def usable(self, x: Tensor) -> bool:
        """True where it can work on x."""

    def statistics(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and biased variance."""

    def affine(self, x: Tensor, mean: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        """(x - mean) * scale + shift, the same bits each time."""

    def backward(
        self, g: Tensor, x: Tensor, mean: Tensor, scale: Tensor, pull: Tensor, average: Average | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """dL/dx, sum g, sum g (x - mean), the sums over this process; `average` is for several processes."""


LOOPS: tuple[Loops, ...] = (native, gpu, loops)  # the first that is usable does the work; the last always is
PASSES: tuple[Passes, ...] = (tdbn_native, tdbn_operators)


def loops_for(x: Tensor) -> Loops:
    """The implementation that works on x."""
    return next(implementation for implementation in LOOPS if implementation.usable(x))


def passes_for(x: Tensor) -> Passes:
    """The implementation that works on x."""
    return next(implementation for implementation in PASSES if implementation.usable(x))
