"""The converter behind a column: how many bits lose nothing, and what fewer do.

A column sends a whole number of device steps, 0 .. `largest_sum`. A converter of b bits gives 0 .. 2^b - 1 and clips
what is above; in a layer that loses nothing, its step is that of a device.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


def least_bits(largest_sum: int) -> int:
    """Bits of the smallest converter that tells 0 .. largest_sum apart, at least 1."""
    return max(1, int(largest_sum).bit_length())


@dataclass(frozen=True)
class Converter:
    """b bits; one code is worth `step` device steps. Sums are rounded half to even and clipped."""

    bits: int
    step: float = 1.0

    def __call__(self, sums: Tensor) -> Tensor:
        """What the codes of sums stand for, in device steps."""
        codes = sums if self.step == 1.0 else sums / self.step
        return codes.round().clamp(0, 2**self.bits - 1) * self.step
