"""The spikes of one sample as small pictures, one per unit: a row per time step, a column per neuron.

Long samples have time to the right, and a row per neuron; of many neurons several share a row, and the colour says how
many of them fire. Takes a record with a raster; gives PNG files as data addresses. The more levels fire, the stronger
the colour.
"""

from __future__ import annotations

import base64
import struct
import zlib
from dataclasses import dataclass

import numpy as np

from snnhw.graph.ir import Array
from snnhw.simulation.record import SpikeRecord

COLOUR = (46, 134, 203)  # readable on paper and on black
COLUMNS = 384
ROWS = 32
SHADES = 12  # of the neurons that share a row
LONGEST_DOWN = 16  # time steps that run down the picture; more run to the right
PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class RasterStrip:
    """One unit of one sample."""

    name: str
    address: str  # data:image/png;base64,...
    rows: int
    neurons: int
    fired: int  # neurons that fire at least once
    spikes: int  # unit spikes


def raster_strips(record: SpikeRecord, sample: int = 0) -> tuple[RasterStrip, ...]:
    """A strip for every unit that the record keeps a raster of."""
    return tuple(_strip(name, raster[sample]) for name, raster in record.raster.items())


def time_runs_right(timesteps: int) -> bool:
    """Whether the pictures of such samples have a column per time step, and not a row."""
    return timesteps > LONGEST_DOWN


def _strip(name: str, raster: Array) -> RasterStrip:
    levels = raster.shape[1]
    values = raster.sum(axis=1).reshape(raster.shape[0], -1)  # [T, neurons], 0..K
    if time_runs_right(len(values)):
        share = -(-values.shape[1] // ROWS)
        shown = _pooled(_shades(values, share, levels).T, COLUMNS)
        levels = levels if share == 1 else SHADES
    else:
        shown = _pooled(values, COLUMNS)
    return RasterStrip(
        name=name,
        address="data:image/png;base64," + base64.b64encode(_png(shown, levels)).decode(),
        rows=len(shown),
        neurons=values.shape[1],
        fired=int(values.any(axis=0).sum()),
        spikes=int(values.sum()),
    )


def _shades(values: Array, share: int, levels: int) -> Array:
    """[T, rows]: values of neurons alone; of `share` neurons to a row, how much of what they could send, 0..SHADES.

    One spike among many neurons is seen too.
    """
    if share == 1:
        return values
    starts = range(0, values.shape[1], share)
    means = [values[:, start : start + share].mean(axis=1) for start in starts]
    return np.ceil(np.stack(means, axis=1) / levels * SHADES - 1e-9).astype(np.uint8)


def _pooled(values: Array, most: int) -> Array:
    """`values` [rows, columns] with at most so many columns, each the largest of its neighbours."""
    share = -(-values.shape[1] // most)
    padded = np.pad(values, ((0, 0), (0, -values.shape[1] % share)))
    return np.asarray(padded.reshape(len(values), -1, share).max(axis=2))


def _png(values: Array, levels: int) -> bytes:
    """Indexed PNG of `values` [H, W] in 0..levels: 0 is transparent, the top level opaque."""
    height, width = values.shape
    opacity = [0, *(90 + round(165 * k / levels) for k in range(1, levels + 1))]
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(np.uint8).tobytes() for row in values)
    chunks = (
        (b"IHDR", header),
        (b"PLTE", bytes(COLOUR) * (levels + 1)),
        (b"tRNS", bytes(opacity)),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    )
    return PNG + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
