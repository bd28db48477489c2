"""How an integer weight becomes the levels of several devices, and how their columns become the weight again.

Takes weights |m| < 2^magnitude; gives the devices of their columns, each 0 .. 2^device_bits - 1. With slices s of d
bits, "differential": m = sum_s 2^(d s) (plus_s - minus_s); "offset": m + 2^magnitude = sum_s 2^(d s) device_s, and one
more column of devices of 1 in each tile says how much 2^magnitude * sum_i x_i has to be taken off.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnhw.analysis.crossbar.array import Signs
from snnhw.graph.ir import Array


@dataclass(frozen=True)
class Slicing:
    """The columns of one output, in the order of `factors`."""

    signs: Signs
    device_bits: int
    magnitude_bits: int

    @property
    def slices(self) -> int:
        """Devices that hold one number, the lowest bits first."""
        bits = self.magnitude_bits + (self.signs == "offset")
        return -(-bits // self.device_bits)

    @property
    def largest_device(self) -> int:
        """The highest level of a device; the lowest is 0."""
        return int(2**self.device_bits - 1)

    @property
    def offset(self) -> int:
        """What is added to each weight, and taken off again with the offset column; 0 of differential columns."""
        return int(2**self.magnitude_bits) if self.signs == "offset" else 0

    @property
    def factors(self) -> tuple[int, ...]:
        """What one unit of each column of an output is worth: all plus slices, then all minus slices."""
        plus = tuple(1 << (self.device_bits * s) for s in range(self.slices))
        return plus if self.signs == "offset" else plus + tuple(-factor for factor in plus)

    @property
    def columns_per_output(self) -> int:
        """Columns of one output."""
        return len(self.factors)

    @property
    def shared_columns(self) -> int:
        """Columns of a tile that belong to all its outputs."""
        return int(self.signs == "offset")

    def columns_of(self, outputs: int) -> int:
        """Columns that a tile with so many outputs uses."""
        return outputs * self.columns_per_output + self.shared_columns

    def devices(self, weights: Array) -> Array:
        """Levels int64 [I, columns] of the devices of weights [O, I], the columns of an output side by side."""
        numbers = weights.astype(np.int64)
        parts = [numbers + self.offset] if self.offset else [np.maximum(numbers, 0), np.maximum(-numbers, 0)]
        sliced = [(part >> (self.device_bits * s)) & self.largest_device for part in parts for s in range(self.slices)]
        columns = np.stack(sliced, axis=1).reshape(-1, numbers.shape[1]).T  # [I, O * columns_per_output]
        shared = np.ones((numbers.shape[1], self.shared_columns), dtype=np.int64)
        return np.concatenate([columns, shared], axis=1)
