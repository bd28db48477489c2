"""The mapping pass: a graph onto crossbar tiles, by sizes alone; devices are in `tiles.py`.

Takes a graph in floats or in integers; gives tiles, devices and utilisation of each layer, and the ADC bits that lose
nothing whatever the weights are. A matrix is cut into blocks of rows, whose partial sums are added in digital logic,
and blocks of outputs; the columns of one output stay in one tile.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from snnhw.analysis.crossbar.adc import least_bits
from snnhw.analysis.crossbar.array import Crossbar
from snnhw.analysis.crossbar.coding import Coding, coding_of
from snnhw.analysis.crossbar.matrices import Matrix, matrix_of, pool_windows_of, synapses_of
from snnhw.analysis.crossbar.slicing import Slicing
from snnhw.errors import InputError
from snnhw.graph.given import graph_given
from snnhw.graph.ir import Graph, Synapse
from snnhw.rules.ways import INTEGERS, RRAM, compiled

MAX_POOLS = (
    "Max pools of spikes take no tile: digital logic adds each window, once for each level, and neurons behind it fire "
    "where a spike is."
)
OTHER_WEIGHTS = (
    "The integers of the network have weights of {bits} bits, their sign included, and take devices for these; "
    "weight_bits = {unused} of the crossbar is for networks in floats that are mapped without samples."
)
Span = tuple[int, int]  # first, and the one behind the last


@dataclass(frozen=True)
class LayerMapping:
    """One layer on its tiles."""

    matrix: Matrix
    slicing: Slicing
    coding: Coding
    crossbar: Crossbar
    step: int = 1  # every weight is a multiple of it, which is multiplied behind the converters

    @property
    def name(self) -> str:
        """Of the synapse node."""
        return self.matrix.name

    @property
    def row_spans(self) -> tuple[Span, ...]:
        """Inputs of each block of rows."""
        return spans(self.matrix.inputs, self.crossbar.rows)

    @property
    def output_spans(self) -> tuple[Span, ...]:
        """Outputs of each block of columns."""
        room = self.crossbar.columns - self.slicing.shared_columns
        return spans(self.matrix.outputs, room // self.slicing.columns_per_output)

    @property
    def group_spans(self) -> tuple[Span, ...]:
        """Inputs of each group of word lines that is read at once, over all blocks of rows."""
        at_once = self.crossbar.rows_at_once
        return tuple((a + x, a + y) for a, b in self.row_spans for x, y in spans(b - a, at_once))

    @property
    def tiles(self) -> int:
        """Tiles of all groups of the convolution."""
        return self.matrix.groups * len(self.row_spans) * len(self.output_spans)

    @property
    def columns(self) -> int:
        """Bit lines in use over the tiles of one block of rows of one group: what one read converts."""
        return sum(self.slicing.columns_of(b - a) for a, b in self.output_spans)

    @property
    def devices(self) -> int:
        """Devices in use."""
        return self.matrix.groups * self.matrix.inputs * self.columns

    @property
    def utilisation(self) -> float:
        """Devices in use over devices of the tiles."""
        return self.devices / (self.tiles * self.crossbar.rows * self.crossbar.columns)

    def lossless_bits_for(self, coding: Coding) -> int:
        """Bits of a converter that loses nothing, whatever the weights are, where the lines are driven as `coding`.

        The most that a column can send in one read, in steps of a device, is that of all lines over its highest level.
        """
        rows = max(b - a for a, b in self.group_spans)
        return least_bits(rows * self.slicing.largest_device * coding.largest)

    @property
    def lossless_bits(self) -> int:
        """Bits of a converter that loses nothing, whatever weights of this width are programmed."""
        return self.lossless_bits_for(self.coding)

    @property
    def adc_bits(self) -> int:
        """Bits of the converters: those of the crossbar, or what loses nothing."""
        return self.lossless_bits if self.crossbar.adc_bits is None else self.crossbar.adc_bits

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "name": self.name,
            "outputs": self.matrix.outputs,
            "inputs": self.matrix.inputs,
            "groups": self.matrix.groups,
            "positions": self.matrix.positions,
            "tiles": self.tiles,
            "row_blocks": len(self.row_spans),
            "column_blocks": len(self.output_spans),
            "columns_per_output": self.slicing.columns_per_output,
            "devices": self.devices,
            "utilisation": self.utilisation,
            "input": self.coding.kind,
            "reads_per_vector": self.coding.reads * len(spans(self.rows_of_a_tile, self.crossbar.rows_at_once)),
            "lossless_adc_bits": self.lossless_bits,
            "adc_bits": self.adc_bits,
        }

    @property
    def rows_of_a_tile(self) -> int:
        """Word lines in use of the fullest tile."""
        return max(b - a for a, b in self.row_spans)


@dataclass(frozen=True)
class CrossbarMapping:
    """A network on crossbars."""

    crossbar: Crossbar
    graph: Graph  # that was mapped: K binary channels, pools in the layers
    layers: tuple[LayerMapping, ...]

    @property
    def tiles(self) -> int:
        """Tiles of all layers, which share none."""
        return sum(layer.tiles for layer in self.layers)

    @property
    def devices(self) -> int:
        """Devices in use."""
        return sum(layer.devices for layer in self.layers)

    @property
    def utilisation(self) -> float:
        """Devices in use over devices of all tiles."""
        return self.devices / (self.tiles * self.crossbar.rows * self.crossbar.columns)

    @property
    def weight_bits(self) -> int:
        """Bits of the widest weights, with their sign."""
        return 1 + max((layer.slicing.magnitude_bits for layer in self.layers), default=0)

    @property
    def assumes(self) -> tuple[str, ...]:
        """What is taken for granted: sentences of the crossbar, and what of its file this network does not use."""
        said, asked = self.crossbar.assumes, self.crossbar.weight_bits
        said += (MAX_POOLS,) if pool_windows_of(self.graph) else ()
        other = self.graph.is_integer and self.weight_bits != asked
        return (*said, OTHER_WEIGHTS.format(bits=self.weight_bits, unused=asked)) if other else said

    def to_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {
            "chip": self.crossbar.name,
            "title": self.crossbar.title,
            "rows": self.crossbar.rows,
            "columns": self.crossbar.columns,
            "device_bits": self.crossbar.device_bits,
            "signs": self.crossbar.signs,
            "drive": self.crossbar.drive,
            "tiles": self.tiles,
            "devices": self.devices,
            "utilisation": self.utilisation,
            "layers": [layer.to_dict() for layer in self.layers],
            "source": self.crossbar.source,
            "assumes": list(self.assumes),
        }


def map_crossbars(graph: Graph, crossbar: Crossbar) -> CrossbarMapping:
    """Every synapse node of `graph` on tiles of its own.

    Args:
        graph: in Loihi integers, whose weights say how wide they are, or in floats, which get K binary channels and
            weights of `crossbar.weight_bits`.
        crossbar: size of the tiles, devices and converters.

    Raises:
        InputError: a rule refuses it, in floats of Loihi's integers, which crossbars hold (`snnhw.rules.ways`), or the
            columns of one output do not fit a tile.
    """
    channels = compiled(graph_given(graph), RRAM if graph.is_integer else INTEGERS)
    return CrossbarMapping(crossbar, channels, tuple(_layers(channels, crossbar)))


def _layers(graph: Graph, crossbar: Crossbar) -> Iterator[LayerMapping]:
    for node in synapses_of(graph):
        step = weight_step(node) if graph.is_integer else 1
        magnitude = magnitude_bits(node, step) if graph.is_integer else crossbar.weight_bits - 1
        slicing = Slicing(crossbar.signs, crossbar.device_bits, magnitude)
        yield fitting(
            LayerMapping(matrix_of(node), slicing, coding_of(graph, node.name, crossbar.drive), crossbar, step)
        )


def fitting(layer: LayerMapping) -> LayerMapping:
    """`layer` itself, if the columns of one output fit a tile.

    Raises:
        InputError: they do not.
    """
    needed, crossbar = layer.slicing.columns_of(1), layer.crossbar
    if needed > crossbar.columns:
        raise InputError(
            f"One output of {layer.name!r} takes {needed} columns and a tile of {crossbar.title} has "
            f"{crossbar.columns}; give devices of more bits or wider tiles."
        )
    return layer


def weight_step(node: Synapse) -> int:
    """The largest integer that divides every weight of an integer node: 2 of Loihi's, 1 where all are 0."""
    return int(np.gcd.reduce(np.abs(node.weight.astype(np.int64)), axis=None)) or 1


def magnitude_bits(node: Synapse, step: int) -> int:
    """Bits of the largest |weight| / step of an integer node, at least 1."""
    return max(1, int(np.abs(node.weight.astype(np.int64)).max(initial=0) // step).bit_length())


def spans(length: int, size: int) -> tuple[Span, ...]:
    """`length` in pieces of `size`, the last one with what is left."""
    return tuple((first, min(first + size, length)) for first in range(0, length, size))
