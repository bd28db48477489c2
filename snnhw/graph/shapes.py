"""Shapes of what nodes send, and the one formula for the size of what a sliding window gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.bool_]
Shape = tuple[int, ...]  # of one frame, without time and batch: (C, H, W) or (N,)
Pair = tuple[int, int]  # (height, width)


@dataclass(frozen=True)
class Window:
    """Kernel, stride, padding and dilation of a convolution or a pool over an input of `size`, each (height, width)."""

    size: Pair
    kernel: Pair
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)

    @property
    def out(self) -> Pair:
        """floor((n + 2p - d(k - 1) - 1)/s) + 1 along both axes, as torch's Conv2d and AvgPool2d; below 1 if none fits.

        Strides have to be at least 1.
        """
        height, width = (
            (n + 2 * p - d * (k - 1) - 1) // s + 1
            for n, k, s, p, d in zip(self.size, self.kernel, self.stride, self.padding, self.dilation, strict=True)
        )
        return height, width

    def inside(self, axis: int) -> Array:
        """Which taps of each window lie inside the image along an axis, bool [out, kernel]."""
        starts = np.arange(self.out[axis]) * self.stride[axis] - self.padding[axis]
        taps = starts[:, None] + np.arange(self.kernel[axis]) * self.dilation[axis]
        within: Array = (taps >= 0) & (taps < self.size[axis])
        return within

    def sent(self, channels: int) -> Shape | None:
        """(channels, height, width) of what it gives, None where it fits nowhere or does not move on."""
        if min(self.stride) < 1 or min(self.out) < 1:
            return None
        return (channels, *self.out)
