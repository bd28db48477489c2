"""How the integers that arrive at a layer become pulses on word lines: planes, each read once, with what one is worth.

Spikes 0..L are unary (read k drives the lines where the sum is at least k, so nested levels are the channels of their
unit), or one pulse of L levels. Everything else, above all the input, is bit-serial in two's complement.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from snnhw.analysis.crossbar.array import Drive
from snnhw.graph.ir import Graph, Input
from snnhw.proofs.largest import largest_input


@dataclass(frozen=True)
class Coding:
    """`levels`: the largest integer of spikes; `bits`: of numbers with a sign (`signed`) or without, else 0."""

    kind: Literal["unary", "pulse", "serial"]
    levels: int = 0
    bits: int = 0
    signed: bool = True

    @property
    def reads(self) -> int:
        """Planes, and so reads of a row group for each vector."""
        return {"unary": self.levels, "pulse": 1, "serial": self.bits}[self.kind]

    @property
    def width(self) -> int:
        """Bits of one of its integers."""
        return self.bits if self.kind == "serial" else self.levels.bit_length()

    @property
    def largest(self) -> int:
        """The largest integer on a word line in one read."""
        return self.levels if self.kind == "pulse" else 1

    def planes(self, x: Tensor) -> Iterator[tuple[int, Tensor]]:
        """(what a one is worth, the plane) such that x is their sum; planes have the shape and the dtype of x."""
        if self.kind == "pulse":
            yield 1, x
        elif self.kind == "unary":
            for level in range(1, self.levels + 1):
                yield 1, (x >= level).to(x.dtype)
        else:
            number = x.long()
            for bit in range(self.bits):
                worth = -(1 << bit) if self.signed and bit == self.bits - 1 else 1 << bit
                yield worth, ((number >> bit) & 1).to(x.dtype)


def coding_of(graph: Graph, name: str, drive: Drive) -> Coding:
    """How the word lines of the synapse node `name` are driven."""
    arriving = graph.arriving(name)
    if arriving.kind == "spikes":
        return Coding("pulse" if drive == "pulse" else "unary", levels=arriving.levels)
    if not graph.is_integer or _takes_the_input_alone(graph, name):
        return Coding("serial", bits=graph.input.bits)
    return Coding("serial", bits=largest_input(graph, name).bit_length() + 1)


def twin_coding(coding: Coding, steps: int) -> Coding:
    """How the matched twin of a network drives a layer: with what tells apart as many values as spikes of `steps` do.

    Bit-serial, one bit on a line in a read as spikes have it, or one pulse of so many levels, behind which converters
    have to be wider. Other numbers, such as those of the input, enter as they do in the network.
    """
    return twin_of_bits(coding, (coding.levels * steps).bit_length())


def twin_of_bits(coding: Coding, bits: int) -> Coding:
    """How a twin whose activations have `bits` drives a layer that a network drives by `coding`."""
    if coding.kind == "pulse":
        return Coding("pulse", levels=2**bits - 1)
    return coding if coding.kind == "serial" else Coding("serial", bits=bits, signed=False)


def _takes_the_input_alone(graph: Graph, name: str) -> bool:
    edges = graph.into(name)
    return len(edges) == 1 and edges[0].gain == 1 and isinstance(graph.nodes[edges[0].source], Input)
