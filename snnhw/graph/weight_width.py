"""How many bits a synaptic weight of Loihi has, and which of its integers such a weight can be.

A synapse of mixed sign with B bits has the multiples of 2^(9-B) from -256 to 256 - 2^(9-B) as weights, so that those of
fewer bits are also weights of 8 (Davies et al., IEEE Micro 38(1), 2018: 1 to 9 bits; how lava-nc 0.10.0 truncates
weights of mixed sign to a number of bits). What runs 8 bits therefore runs fewer, unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnhw.errors import InputError
from snnhw.graph.nodes import Array

WIDEST, NARROWEST = 8, 4  # bits that a network can be quantised to
RANGE = 256  # of a weight of mixed sign, -256 to below 256


@dataclass(frozen=True)
class WeightWidth:
    """Weights of `bits` bits: multiples of `step`, symmetric up to `limit`."""

    bits: int = WIDEST

    def __post_init__(self) -> None:
        """Refuse a width that no quantisation is for."""
        if not NARROWEST <= self.bits <= WIDEST:
            raise InputError(f"Weights of {self.bits} bits were asked for; give {NARROWEST} to {WIDEST}.")

    @property
    def step(self) -> int:
        """The smallest weight above 0; 2 for 8 bits."""
        return 1 << (WIDEST + 1 - self.bits)

    @property
    def limit(self) -> int:
        """The largest weight; 254 for 8 bits."""
        return RANGE - self.step


FULL = WeightWidth()


def bits_needed(weight: Array) -> int:
    """The fewest bits, 1 to 8, in which Loihi's mixed-sign format holds integer weights in -256..254 unchanged."""
    together = int(np.bitwise_or.reduce(np.abs(weight.astype(np.int64)).ravel(), initial=0))
    zeros = (together & -together).bit_length() - 1 if together else WIDEST  # at the low end of every weight
    return WIDEST + 1 - min(WIDEST, max(1, zeros))
