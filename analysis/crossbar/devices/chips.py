"""Chips of a network whose devices are drawn: what every tile holds in the end, as numbers of device steps.

Takes the programmed tiles of a mapped network and a `Device`; gives the effective devices of each tile for one seed.
Wires are folded in, exactly or by the estimate: reads are linear in the voltages, so a tile with wires is one without
whose devices are the effective ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from snnhw.analysis.crossbar.devices.device import Device
from snnhw.analysis.crossbar.devices.programming import Levels, program
from snnhw.analysis.crossbar.devices.wires import effective_conductances
from snnhw.analysis.crossbar.devices.wires_estimate import estimated_conductances
from snnhw.analysis.crossbar.tiles import LayerTiles, Tile
from snnhw.errors import InputError

Wires = Literal["exact", "estimate", "none"]
SIEMENS = 1e-6  # in one uS
ASSUMES = (
    "Word lines that are not driven are held at 0 V, so every read is linear in the voltages.",
    "The part of a tile that is in use lies beside the drivers and the converters; devices that are not in use conduct "
    "nothing.",
    "What the lowest conductance of the driven lines adds to a column is taken off before the converter, exactly.",
)


@dataclass(frozen=True)
class Conditions:
    """What is true of the devices of a chip when it is read."""

    device: Device
    time_s: float = 0.0  # after programming
    wires: Wires = "exact"

    def __post_init__(self) -> None:
        """Refuses a way to solve the wires that there is not."""
        if self.wires not in get_args(Wires):
            raise InputError(f"Wires are solved by {', '.join(get_args(Wires))}; {self.wires!r} is none of them.")

    @property
    def has_wires(self) -> bool:
        """Whether wires change what a tile sends."""
        return self.wires != "none" and self.device.wire_ohm > 0


def draw_chip(layers: Mapping[str, LayerTiles], conditions: Conditions, seed: int) -> dict[Tile, Tensor]:
    """Effective devices float64 [rows, columns] of every tile, in device steps above g_off.

    Of ideal devices they are the levels themselves. Tiles of one size are drawn and solved together.
    """
    generator = torch.Generator().manual_seed(seed)
    alike: dict[tuple[int, ...], list[Tile]] = {}
    for layer in layers.values():
        for tile in layer.tiles:
            bits = tile.slicing.device_bits
            alike.setdefault((*tile.devices.shape, bits), []).append(tile)
    found: dict[Tile, Tensor] = {}
    for (*_, bits), tiles in alike.items():
        of = Levels(conditions.device, bits)
        levels = torch.stack([torch.as_tensor(tile.devices) for tile in tiles])
        got = program(levels, of, generator, conditions.time_s)[0]
        if conditions.has_wires:
            got = _with_wires(got * SIEMENS, conditions) / SIEMENS
        found.update(zip(tiles, of.in_steps(got).unbind(), strict=True))
    return found


def _with_wires(conductances: Tensor, conditions: Conditions) -> Tensor:
    ohm = conditions.device.wire_ohm
    if conditions.wires == "estimate":
        return estimated_conductances(conductances, ohm, ohm)
    return torch.stack([effective_conductances(one, ohm, ohm) for one in conductances])  # memory of one tile at a time
