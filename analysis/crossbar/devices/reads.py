"""Reads of a chip inside the engine: noise that is new in every read, and converters with few bits.

Takes the programmed tiles of a network and the effective devices of a chip; gives what `Execution.synapses` calls.
`noisy_reads` adds the noise of all reads of an output at once, which has the same distribution as one by one;
`converted_reads` reads every tile by itself, since a converter is not linear.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from snnhw.analysis.crossbar.adc import Converter
from snnhw.analysis.crossbar.devices.device import Device
from snnhw.analysis.crossbar.devices.programming import Levels
from snnhw.analysis.crossbar.devices.weights import held_weights
from snnhw.analysis.crossbar.mapping import Span
from snnhw.analysis.crossbar.reading import ReadRows, read_layer
from snnhw.analysis.crossbar.tiles import LayerTiles, Tile
from snnhw.graph.ir import Conv2d, Synapse
from snnhw.simulation.events import Packed, convolve_events
from snnhw.simulation.execution import Compute
from snnhw.simulation.synapses import apply_node

ASSUMES = ("Read noise is white: of each device and in each read new, and no wire makes it weaker.",)


def noise_in_steps(device: Device, bits: int) -> float:
    """Standard deviation of one device in one read, in device steps."""
    return device.read_noise * device.g_on_us / Levels(device, bits).step_us


def device_read(devices: Mapping[Tile, Tensor], noise: float, generator: torch.Generator) -> ReadRows:
    """The analogue part of a read: sums of effective devices and, with `noise` in device steps, that of each device.

    The noise of a column under drives v is normal with the variance noise^2 sum_i v_i^2.
    """

    def read(tile: Tile, lines: Span, drive: Tensor) -> Tensor:
        held = devices[tile][lines[0] : lines[1]].to(drive)
        sums = drive @ held
        if noise:
            driven = drive.square().sum(dim=1, keepdim=True).sqrt()
            normal = torch.randn(sums.shape, generator=generator).to(sums)
            sums = sums + noise * driven * normal
        return sums

    return read


def converted_reads(
    layers: Mapping[str, LayerTiles], read: ReadRows, converters: Mapping[str, Converter], timesteps: int
) -> Compute:
    """Every read through the converter of its layer; a static input is read anew in each of `timesteps`.

    A network with loops brings its steps one by one, which is a `timesteps` of 1.
    """

    def compute(node: Synapse, x: Tensor) -> Tensor | None:
        if node.name not in layers:
            return None
        return read_layer(layers[node.name], _every_step(x, timesteps), read=read, converter=converters[node.name])

    return compute


def noisy_reads(
    layers: Mapping[str, LayerTiles],
    devices: Mapping[Tile, Tensor],
    device: Device,
    generator: torch.Generator,
    timesteps: int,
) -> Compute:
    """Reads through converters without limits, whose noise is added once to each output.

    An output is sum_c f_c (column c) over the reads of its planes, of worth w; so the noise of its devices has the
    variance noise^2 (sum_c f_c^2) sum_planes w^2 sum_lines v^2. That of two outputs is independent, but for an offset
    column, whose noise all outputs of its tile have alike.
    """
    held = {name: replace(n.node, weight=held_weights(n, devices).astype(np.float32)) for name, n in layers.items()}
    packed: Packed = {}

    def compute(node: Synapse, x: Tensor) -> Tensor | None:
        if node.name not in layers:
            return None
        layer, x = layers[node.name], _every_step(x, timesteps)
        own, coding, slicing = held[node.name], layer.mapping.coding, layer.mapping.slicing
        by_events = coding.levels and isinstance(own, Conv2d) and own.groups == 1
        exact = convolve_events(own, x, packed) if by_events and isinstance(own, Conv2d) else apply_node(own, x)
        squares = sum(factor**2 for factor in slicing.factors)
        driven = sum(worth**2 * plane.square() for worth, plane in coding.planes(x))
        lines = apply_node(_summing(node), torch.as_tensor(driven))
        lines = lines.repeat_interleave(exact.shape[2] // lines.shape[2], dim=2)
        noise = (squares * lines).sqrt() * torch.randn(exact.shape, generator=generator).to(exact)
        if slicing.shared_columns:
            noise = noise + slicing.offset * _shared_noise(layer, torch.as_tensor(driven), exact, generator)
        return exact + layer.mapping.step * noise_in_steps(device, slicing.device_bits) * noise

    return compute


def _shared_noise(layer: LayerTiles, driven: Tensor, like: Tensor, generator: torch.Generator) -> Tensor:
    """Noise of the offset columns, in that of a device, of the shape of `like`: one number for each tile and read.

    Args:
        layer: its tiles.
        driven: sum_planes w^2 v^2 of every input [T, B, *shape].
        like: what the layer gives, [T, B, *node.shape].
        generator: of the draws.
    """
    mapping, noise = layer.mapping, like.new_zeros(like.shape)
    grouped = noise.view(*like.shape[:2], mapping.matrix.groups, -1, *like.shape[3:])  # the same memory
    for rows in mapping.row_spans:
        lines = apply_node(_summing(layer.node, rows), driven).sqrt()
        for first, last in mapping.output_spans:
            drawn = lines * torch.randn(lines.shape, generator=generator).to(lines)
            grouped[:, :, :, first:last] += drawn.unsqueeze(3)
    return noise


def _summing(node: Synapse, rows: Span | None = None) -> Synapse:
    """The node with one output for each group, which adds up all of its inputs, or those of some word lines."""
    groups = node.groups if isinstance(node, Conv2d) else 1
    lines = np.zeros((groups, int(np.prod(node.weight.shape[1:]))), dtype=np.float32)
    lines[:, slice(None) if rows is None else slice(*rows)] = 1
    weight = lines.reshape(groups, *node.weight.shape[1:])
    return replace(node, weight=weight, bias=None, shape=(groups, *node.shape[1:]))


def _every_step(x: Tensor, timesteps: int) -> Tensor:
    return x.expand(timesteps, *x.shape[1:])
