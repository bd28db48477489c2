"""What a layer on crossbars gives: every plane of its input on the word lines, converted, shifted and added.

Takes the programmed tiles and what arrives [T, B, *shape]; gives [T, B, *node.shape]. `ReadRows` is the analogue part:
with `ideal_read` a column sends exactly the sum of its devices under driven lines; models of devices put theirs there.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from snnhw.analysis.crossbar.adc import Converter
from snnhw.analysis.crossbar.mapping import Span
from snnhw.analysis.crossbar.tiles import LayerTiles, Tile
from snnhw.graph.ir import Conv2d, Node

# (tile, word lines of it that are driven, integers [N, lines] on them) -> sums [N, columns] in device steps
ReadRows = Callable[[Tile, Span, Tensor], Tensor]


def ideal_read(tile: Tile, lines: Span, drive: Tensor) -> Tensor:
    """The exact sums."""
    devices = torch.as_tensor(tile.devices[lines[0] : lines[1]], dtype=drive.dtype, device=drive.device)
    return drive @ devices


def read_layer(
    layer: LayerTiles, x: Tensor, *, read: ReadRows = ideal_read, converter: Converter | None = None
) -> Tensor:
    """Currents [T, B, *node.shape] in weight units, the bias among them.

    Args:
        layer: its tiles.
        x: integers [T, B, *shape] in a float type that holds every sum exactly.
        read: the analogue part of a read.
        converter: of all columns; None: that of the mapping, with the step of a device.
    """
    node, mapping = layer.node, layer.mapping
    converter = converter or Converter(mapping.adc_bits)
    vectors = windows_of(node, x)  # [groups, N, inputs]
    # in double: with the offset still in it, a sum can be beyond the integers that the type of x holds
    shape = (mapping.matrix.groups, vectors.shape[1], mapping.matrix.outputs)
    total = x.new_zeros(shape, dtype=torch.float64)
    for worth, plane in mapping.coding.planes(vectors):
        for tile in layer.tiles:
            first, outputs = tile.rows[0], slice(*tile.outputs)
            for lines in layer.row_groups(tile):
                drive = plane[tile.group][:, first + lines[0] : first + lines[1]]
                driven = drive.sum(dim=1).nonzero()[:, 0]  # where no line is driven, columns send nothing
                if not len(driven):
                    continue
                codes = converter(read(tile, lines, drive[driven]))
                total[tile.group][:, outputs].index_add_(0, driven, worth * tile.recombined(codes.double()))
    y = total.to(x.dtype).permute(1, 0, 2).reshape(*x.shape[:2], mapping.matrix.positions, -1).transpose(2, 3)
    y = y.reshape(*x.shape[:2], *node.shape) * mapping.step
    if node.bias is None:
        return y
    bias = torch.as_tensor(node.bias).to(dtype=x.dtype, device=x.device)
    return y + (bias.reshape(-1, 1, 1) if isinstance(node, Conv2d) else bias)


def windows_of(node: Node, x: Tensor) -> Tensor:
    """What each word line gets at each position, [groups, T * B * positions, inputs], zeros where a window pads."""
    if not isinstance(node, Conv2d):
        return x.reshape(1, -1, int(x[0, 0].numel()))
    frames = x.flatten(0, 1)
    windows = F.unfold(frames, node.weight.shape[2:], node.dilation, node.padding, node.stride)
    grouped = windows.reshape(len(frames), node.groups, -1, windows.shape[2])
    return grouped.permute(1, 0, 3, 2).flatten(1, 2)
