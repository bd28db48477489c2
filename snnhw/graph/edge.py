"""Edges of a graph, and what travels on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Edge:
    """source -> target; the value is multiplied by `gain`.

    `delay` is what `balance_delays` inserts so that pipelined hardware, where every synapse costs one step, adds values
    of the same time step. Execution in aligned time (the reference engines) therefore does not see it.
    `payload_bits` is what `decompose_graded` fixes: the bits of a graded spike; 0 for binary spikes and analogue ones.
    """

    source: str
    target: str
    gain: int = 1
    delay: int = 0
    payload_bits: int = 0


@dataclass(frozen=True)
class Signal:
    """What travels on an edge: analogue values, or spikes that carry an integer 1..levels."""

    kind: Literal["analog", "spikes"]
    levels: int = 0

    @property
    def payload_bits(self) -> int:
        """Bits of a graded spike that can carry `levels`; 0 for a binary spike, whose presence is the message."""
        return 0 if self.levels <= 1 else int(self.levels).bit_length()
