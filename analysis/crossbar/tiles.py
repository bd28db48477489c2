"""The devices of a layer, tile by tile, and how the codes of its columns become the integers of its outputs.

Takes an integer synapse node and its mapping; gives `LayerTiles`. For every input x of the layer, with converters that
lose nothing: step * sum over tiles of `recombined`(x @ devices) = W x, whatever the signs and the slices.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from snnhw.analysis.crossbar.adc import least_bits
from snnhw.analysis.crossbar.mapping import CrossbarMapping, LayerMapping, Span
from snnhw.analysis.crossbar.matrices import synapses_of, weights_of
from snnhw.analysis.crossbar.slicing import Slicing
from snnhw.errors import InputError
from snnhw.graph.ir import Array, Synapse


@dataclass(frozen=True, eq=False)
class Tile:
    """The devices in use of one tile: levels 0 .. 2^device_bits - 1, int64 [rows, columns]."""

    group: int  # of the convolution
    rows: Span  # inputs of the group on its word lines
    outputs: Span  # of the group
    devices: Array
    slicing: Slicing

    @property
    def column_sums(self) -> Array:
        """What each column sends when every word line is driven by 1."""
        total: Array = self.devices.sum(axis=0)
        return total

    def unlike_sums(self, lines: Span) -> Array:
        """What columns send when each of `lines` is driven by 1, of all columns whose clipping an output can show.

        Where no weight is negative, and the device of the highest slice holds the sign alone, that column sends what
        the offset column sends and is worth as much: a converter clips both alike, and the offset is taken off whole.
        """
        devices = self.devices[lines[0] : lines[1]]
        sums: Array = devices.sum(axis=0)
        if not self.slicing.shared_columns or self.slicing.factors[-1] != self.slicing.offset:
            return sums
        per_output = self.slicing.columns_per_output
        signs = devices[:, per_output - 1 : -1 : per_output]
        return sums[:-1].reshape(-1, per_output)[:, :-1].flatten() if (signs == 1).all() else sums

    def recombined(self, codes: Tensor) -> Tensor:
        """Outputs [N, outputs], in steps of a weight, of the codes [N, columns]: shift, add and take the offset off."""
        first, last = self.outputs
        own = codes[:, : (last - first) * self.slicing.columns_per_output]
        factors = torch.as_tensor(self.slicing.factors, dtype=codes.dtype, device=codes.device)
        summed = own.reshape(len(codes), last - first, -1) @ factors
        return summed - self.slicing.offset * codes[:, -1:] if self.slicing.shared_columns else summed


@dataclass(frozen=True, eq=False)
class LayerTiles:
    """All tiles of one layer, in the order group, block of rows, block of outputs."""

    node: Synapse
    mapping: LayerMapping
    tiles: tuple[Tile, ...]

    def row_groups(self, tile: Tile) -> tuple[Span, ...]:
        """Word lines of the tile that are read at once, counted from its first one."""
        first, last = tile.rows
        return tuple((a - first, b - first) for a, b in self.mapping.group_spans if first <= a and b <= last)

    @property
    def largest_sum(self) -> int:
        """The most that a column whose clipping shows sends in one read, which the input 'all lines' reaches."""
        sums = [tile.unlike_sums(lines).max() for tile in self.tiles for lines in self.row_groups(tile)]
        return int(max(sums)) * self.mapping.coding.largest

    @property
    def least_adc_bits(self) -> int:
        """Bits of the smallest converter that loses nothing of these weights, for every input.

        With M its highest code, one bit fewer loses. A pair of columns: drive the lines of the largest sum, and the
        other sign of that output sends nothing. An offset column: where a column clips that M pulses can reach, the
        offset is exact. Else drive M + 1 pulses, one of them on a negative weight: the offset column clips by 1, which
        is worth 2^magnitude, and the slices below the highest by less, since no pulse adds more than a full device.
        """
        return least_bits(self.largest_sum)


def tiles_of(node: Synapse, mapping: LayerMapping) -> LayerTiles:
    """The programmed tiles of an integer node.

    Raises:
        InputError: the weights are no integers.
    """
    if node.weight.dtype.kind not in "iu":
        raise InputError(f"The weights of {node.name!r} are no integers; quantise the network, then program it.")
    return LayerTiles(node, mapping, tuple(_tiles(node, mapping)))


def programmed(mapping: CrossbarMapping) -> dict[str, LayerTiles]:
    """The tiles of every layer of a mapped integer graph, by node.

    Raises:
        InputError: the graph is in floats.
    """
    layers = {layer.name: layer for layer in mapping.layers}
    return {node.name: tiles_of(node, layers[node.name]) for node in synapses_of(mapping.graph)}


def _tiles(node: Synapse, mapping: LayerMapping) -> Iterator[Tile]:
    for group, weights in enumerate(weights_of(node).astype(np.int64) // mapping.step):
        for a, b in mapping.row_spans:
            for c, d in mapping.output_spans:
                yield Tile(group, (a, b), (c, d), mapping.slicing.devices(weights[c:d, a:b]), mapping.slicing)
