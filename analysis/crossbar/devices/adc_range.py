"""The step of a converter with few bits, chosen on samples: coarse enough for large sums, fine enough for small ones.

Takes how often each sum occurred in the columns of a layer; gives the converter of so many bits whose squared error is
least. With enough bits that is the step of a device, which loses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from snnhw.analysis.crossbar.adc import Converter
from snnhw.analysis.crossbar.mapping import Span
from snnhw.analysis.crossbar.reading import ReadRows, ideal_read
from snnhw.analysis.crossbar.tiles import LayerTiles, Tile
from snnhw.graph.ir import Array

HALVINGS = 6  # of the full scale that are tried: ranges down to a 64th of the largest sum


@dataclass
class Sums:
    """How often every sum of ideal devices occurred, by layer."""

    layer_of: Mapping[Tile, str]
    counts: dict[str, Array] = field(default_factory=dict)  # layer -> int64 [largest sum + 1]

    @staticmethod
    def of(layers: Mapping[str, LayerTiles]) -> Sums:
        """Of the tiles of a network, before the first read."""
        return Sums({tile: name for name, layer in layers.items() for tile in layer.tiles})

    def read(self) -> ReadRows:
        """Ideal reads that are counted."""

        def counted(tile: Tile, lines: Span, drive: Tensor) -> Tensor:
            sums = ideal_read(tile, lines, drive)
            new = np.bincount(sums.round().to(torch.int64).flatten().numpy())
            before = self.counts.get(self.layer_of[tile], np.zeros(1, dtype=np.int64))
            total = np.zeros(max(len(new), len(before)), dtype=np.int64)
            total[: len(before)] += before
            total[: len(new)] += new
            self.counts[self.layer_of[tile]] = total
            return sums

        return counted

    def converters(self, bits: int) -> dict[str, Converter]:
        """The converter of each layer."""
        return {name: best_converter(counts, bits) for name, counts in self.counts.items()}


def best_converter(counts: Array, bits: int) -> Converter:
    """The converter of `bits` bits with the least squared error on sums 0, 1, ... that occurred `counts` times.

    Of steps that reach the largest sum, half of it, a quarter and so on, none is finer than a device.
    """
    largest = int(np.flatnonzero(counts).max(initial=0))
    full = max(1.0, largest / (2**bits - 1))
    steps = sorted({max(1.0, full / 2**halved) for halved in range(HALVINGS + 1)}, reverse=True)
    sums = torch.arange(len(counts), dtype=torch.float64)

    def error(step: float) -> float:
        wrong = (Converter(bits, step)(sums) - sums).square().numpy()
        return float((wrong * counts).sum())

    return Converter(bits, min(steps, key=error))
