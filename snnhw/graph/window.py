"""A window that slides over (H, W), and the one formula for the size of what it gives."""

from __future__ import annotations

from dataclasses import dataclass

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
