"""Pools as what axons do: a sum pool sends each spike of a neuron to every window that the neuron lies in.

nengo-loihi's axons map neurons to the axons of synapses, one each, so a neuron in m windows has m axons.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from snnhw.graph.ir import Pool
from snnhw.graph.shapes import Shape

Map = npt.NDArray[np.int32]  # neuron -> where its spike goes, -1 for nowhere


def through(pools: Sequence[tuple[Pool, Shape]], size: int) -> list[Map]:
    """Where the spikes of `size` neurons end behind pools, each with the shape that arrives at it, in their order."""
    maps: list[Map] = [np.arange(size, dtype=np.int32)]
    for pool, arriving in pools:
        maps = merged([_behind(first, then) for first in maps for then in windows(pool, arriving)])
    return maps


def windows(pool: Pool, arriving: Shape) -> list[Map]:
    """For each tap of the kernel, the window that has a neuron of (C, H, W) there."""
    channels, height, width = arriving
    c, y, x = np.mgrid[0:channels, 0:height, 0:width]
    found = []
    for down in range(pool.kernel[0]):
        for across in range(pool.kernel[1]):
            row, rest_y = np.divmod(y + pool.padding[0] - down, pool.stride[0])
            column, rest_x = np.divmod(x + pool.padding[1] - across, pool.stride[1])
            inside = (rest_y == 0) & (rest_x == 0) & (row >= 0) & (row < pool.shape[1])
            inside &= (column >= 0) & (column < pool.shape[2])
            place = (c * pool.shape[1] + row) * pool.shape[2] + column
            found.append(np.where(inside, place, -1).ravel().astype(np.int32))
    return merged(found)


def merged(maps: Sequence[Map]) -> list[Map]:
    """The same in as few maps as there are windows around a neuron; the order of the maps means nothing."""
    stacked = -np.sort(-np.stack(maps), axis=0)
    return [row for row in stacked if (row >= 0).any()]


def _behind(first: Map, then: Map) -> Map:
    return np.where(first >= 0, then[first], -1).astype(np.int32)
