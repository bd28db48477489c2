"""Second moments of the inputs of each synapse on calibration samples, over the windows that its weights see.

Takes a float graph and samples, gives `Moments` by synapse. Rounding (`rounding.py`) minimises the error of the
current that these moments predict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from snnhw.errors import InputError
from snnhw.graph.ir import SYNAPSES, Array, Conv2d, Delay, Graph, Input, Synapse
from snnhw.simulation.engine import simulate
from snnhw.simulation.frames import check_inputs

BATCH = 16  # samples whose rasters are kept at once
LARGEST = 1e12  # |x| whose squares still add up in float32
WINDOWS = 16384  # of each synapse, drawn at random; more say little more


@dataclass(frozen=True)
class Moments:
    """Sum of x x^T over windows x [D] of each of G groups, D = inputs per group times kernel area (Linear: inputs)."""

    windows: int
    products: Array  # float64 [G, D, D]

    def __add__(self, other: Moments) -> Moments:
        """Moments of both sets of windows."""
        return Moments(self.windows + other.windows, self.products + other.products)


def measure_moments(graph: Graph, inputs: Array) -> dict[str, Moments]:
    """Moments at every synapse that is fed by neurons or the input alone.

    Args:
        graph: floats; neurons LIF or MLF.
        inputs: [N, *shape] or [N, T, *shape].

    Raises:
        InputError: the inputs do not fit the graph, or are too large to be squared.
    """
    frames = check_inputs(graph, inputs)
    largest = float(np.abs(frames).max(initial=0.0))
    if largest > LARGEST:
        raise InputError(
            f"The calibration data reach |x| = {largest:.3g}; scale them to the range of the training data."
        )
    windows = max(1, WINDOWS // -(-len(frames) // BATCH))
    found: dict[str, Moments] = {}
    for start in range(0, len(frames), BATCH):
        batch = frames[start : start + BATCH]
        raster = simulate(graph, batch if batch.shape[1] > 1 else batch[:, 0], raster=True).raster
        for synapse in (n for n in graph.nodes.values() if isinstance(n, SYNAPSES)):
            arriving = _arriving(graph, synapse, batch, raster)
            if arriving is not None:
                part = _moments(synapse, arriving, windows)
                found[synapse.name] = found[synapse.name] + part if synapse.name in found else part
    return found


def _arriving(graph: Graph, synapse: Synapse, frames: Array, raster: Mapping[str, Array]) -> Array | None:
    """Summed input [N*T, *shape] of a synapse; None if another node than neurons and the input feeds it."""
    total = _summed(graph, synapse.name, frames, raster)
    return None if total is None else total.reshape(-1, *total.shape[2:])


def _summed(graph: Graph, name: str, frames: Array, raster: Mapping[str, Array]) -> Array | None:
    """[N, T, *shape] of all that arrives at a node, as `_arriving`."""
    place = {n.name: (unit, k) for unit, nodes in graph.units().items() for k, n in enumerate(nodes)}
    total: Array | None = None
    for edge in graph.into(name):
        source = graph.nodes[edge.source]
        if isinstance(source, Input):
            value = frames
        elif isinstance(source, Delay) and source.uniform:
            arriving = _summed(graph, source.name, frames, raster)
            if arriving is None:
                return None
            late = source.longest
            repeated = np.broadcast_to(arriving, (len(arriving), graph.timesteps, *arriving.shape[2:]))
            value = np.zeros_like(repeated)
            value[:, late:] = repeated[:, : max(0, graph.timesteps - late)]
        elif edge.source in place:
            unit, k = place[edge.source]
            spikes = raster[unit]
            value = spikes.sum(axis=2) if len(graph.units()[unit]) < spikes.shape[2] else spikes[:, :, k]
        else:
            return None
        value = edge.gain * value.astype(np.float32)
        total = value if total is None else total + value
    return total


def _moments(synapse: Synapse, arriving: Array, windows: int) -> Moments:
    if isinstance(synapse, Conv2d):
        x = _windows(synapse, torch.from_numpy(arriving))
    else:
        x = torch.from_numpy(arriving).flatten(1)[:, None]
    if len(x) > windows:
        x = x[torch.from_numpy(np.random.default_rng(0).choice(len(x), windows, replace=False))]
    rows = x.transpose(0, 1)  # [G, windows, D]; sums of products of spikes are exact in float32
    return Moments(rows.shape[1], (rows.transpose(1, 2) @ rows).double().numpy())


def _windows(conv: Conv2d, x: torch.Tensor) -> torch.Tensor:
    """Windows [positions, G, D] of x [N, C, H, W], in the order of weight[o].ravel()."""
    columns = F.unfold(x, conv.weight.shape[2:], conv.dilation, conv.padding, conv.stride)
    return columns.transpose(1, 2).reshape(-1, conv.groups, columns.shape[1] // conv.groups)
