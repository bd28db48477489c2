"""Second moments of the inputs of each synapse on calibration samples, over the windows that its weights see.

Takes a float graph and samples, gives `Moments` by synapse. Rounding (`rounding.py`) minimises the error of the
current that these moments predict.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F

from snnhw.errors import InputError
from snnhw.graph.ir import SYNAPSES, Array, Conv2d, Delay, Graph, Input, Synapse
from snnhw.progress import Progress, counter
from snnhw.simulation.engine import simulate
from snnhw.simulation.execution import current_device
from snnhw.simulation.frames import check_inputs
from snnhw.simulation.record import SpikeRecord

BATCH = 16  # samples whose rasters are kept at once
LARGEST = 1e12  # |x| whose squares still add up in float32
WINDOWS = 16384  # of each synapse, drawn at random; more say little more
BLOCK = 512  # inputs whose products are computed together
LARGEST_RUN = 4608  # inputs whose products are kept together: a 3x3 kernel over 512 channels


@dataclass(frozen=True)
class Moments:
    """Sums of x x^T over windows x [D] of each of G groups, D = inputs per group times kernel area (Linear: inputs).

    `products` holds one float64 [G, d, d] for each run of d inputs; inputs of different runs count as unrelated. There
    is one run, d = D, unless D is larger than `LARGEST_RUN`, as behind a pool that was folded into the read-out of a
    large image.
    """

    windows: int
    products: tuple[Array, ...]

    @property
    def groups(self) -> int:
        """G."""
        return len(self.products[0])

    @property
    def squares(self) -> Array:
        """Mean squares of the inputs, [G, D]."""
        sums: Array = np.concatenate([np.einsum("gdd->gd", product) for product in self.products], axis=1)
        return sums / self.windows


def measure_moments(graph: Graph, inputs: Array) -> dict[str, Moments]:
    """The moments of `measure_calibration` alone."""
    return measure_calibration(graph, inputs)[0]


def measure_calibration(
    graph: Graph, inputs: Array, progress: Progress | None = None
) -> tuple[dict[str, Moments], SpikeRecord | None]:
    """Moments at every synapse that is fed by neurons or the input alone, and the record of the run that gave them.

    Args:
        graph: floats; neurons LIF or MLF.
        inputs: [N, *shape] or [N, T, *shape]; of no samples there is no record.
        progress: called with the stage "calibration", the samples finished and all of them.

    Raises:
        InputError: the inputs do not fit the graph, or are too large to be squared.
    """
    frames = check_inputs(graph, inputs)
    largest = float(np.abs(frames).max(initial=0.0))
    if largest > LARGEST:
        raise InputError(
            f"The calibration data reach |x| = {largest:.3g}; scale them to the range of the training data."
        )
    finished = counter(progress, "calibration", len(frames))
    windows = max(1, WINDOWS // -(-len(frames) // BATCH))
    count: dict[str, int] = {}
    sums: dict[str, tuple[Array, ...]] = {}
    floats: SpikeRecord | None = None
    for start in range(0, len(frames), BATCH):
        batch = frames[start : start + BATCH]
        record = simulate(graph, batch if batch.shape[1] > 1 else batch[:, 0], raster=True)
        raster, record = record.raster, replace(record, raster={})
        floats = record if floats is None else floats.merge(record)
        for synapse in (n for n in graph.nodes.values() if isinstance(n, SYNAPSES)):
            arriving = _arriving(graph, synapse, batch, raster)
            if arriving is not None:
                seen, products = _products(synapse, arriving, windows)
                count[synapse.name] = count.get(synapse.name, 0) + seen
                if synapse.name not in sums:
                    sums[synapse.name] = tuple(np.zeros(product.shape) for product in products)
                for total, product in zip(sums[synapse.name], products, strict=True):
                    total += product  # in place: those of a wide layer fill hundreds of megabytes
        if finished:
            finished(len(batch))
    return {name: Moments(count[name], products) for name, products in sums.items()}, floats


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
            of_all = len(graph.units()[unit]) < spikes.shape[2]
            value = _levels_summed(spikes) if of_all else spikes[:, :, k]
        else:
            return None
        value = edge.gain * value.astype(np.float32, copy=False)
        total = value if total is None else total + value
    return total


def _levels_summed(spikes: Array) -> Array:
    """float32 [N, T, *shape] of a raster [N, T, K, *shape]."""
    of_sums = torch.uint8 if spikes.shape[2] < 256 else torch.int64  # bytes add up many times faster
    summed: Array = torch.from_numpy(spikes).sum(dim=2, dtype=of_sums).to(torch.float32).numpy()
    return summed


def _products(synapse: Synapse, arriving: Array, windows: int) -> tuple[int, tuple[Array, ...]]:
    """How many windows were drawn, and the sums of their products for each run, float32 [G, d, d]."""
    x = torch.from_numpy(arriving).to(current_device())
    drawn = _drawn(_windows_of(synapse, x), windows).to(x.device)
    rows = _windows(synapse, x, drawn) if isinstance(synapse, Conv2d) else x.flatten(1)[drawn, None]
    rows = rows.transpose(0, 1)  # [G, windows, D]; sums of products of spikes are exact in float32
    runs = rows.tensor_split(-(-rows.shape[2] // LARGEST_RUN), dim=2)
    return rows.shape[1], tuple(_squared(run).cpu().numpy() for run in runs)


def _squared(run: torch.Tensor) -> torch.Tensor:
    """x^T x [G, d, d] of windows x [G, windows, d]; what lies below the blocks of the diagonal is mirrored."""
    size = run.shape[2]
    if size <= BLOCK:
        return run.transpose(1, 2) @ run
    product = run.new_empty((len(run), size, size))
    for first in range(0, size, BLOCK):
        rows = slice(first, first + BLOCK)
        product[:, rows, first:] = run[:, :, rows].transpose(1, 2) @ run[:, :, first:]
        product[:, first + BLOCK :, rows] = product[:, rows, first + BLOCK :].transpose(1, 2)
    return product


def _windows_of(synapse: Synapse, x: torch.Tensor) -> int:
    """How many windows the weights of a synapse see in the frames x."""
    return len(x) * math.prod(synapse.shape[1:]) if isinstance(synapse, Conv2d) else len(x)


def _drawn(count: int, windows: int) -> torch.Tensor:
    """Which of `count` windows are taken: all of them in order, or as many as wanted at random."""
    if count <= windows:
        return torch.arange(count)
    return torch.from_numpy(np.random.default_rng(0).choice(count, windows, replace=False))


def _windows(conv: Conv2d, x: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
    """The chosen windows [chosen, G, D] of x [N, C, H, W], in the order of weight[o].ravel()."""
    (height, width), kernel = conv.shape[1:], conv.weight.shape[2:]
    frame, place = chosen // (height * width), chosen % (height * width)
    corners = place // width * conv.stride[0], place % width * conv.stride[1]
    reach = [torch.arange(size, device=x.device) * step for size, step in zip(kernel, conv.dilation, strict=True)]
    rows, columns = (corner[:, None] + offset for corner, offset in zip(corners, reach, strict=True))
    padded = F.pad(x, (conv.padding[1],) * 2 + (conv.padding[0],) * 2)
    values = padded[frame[:, None, None], :, rows[:, :, None], columns[:, None, :]]  # [chosen, kh, kw, C]
    return values.permute(0, 3, 1, 2).reshape(len(chosen), conv.groups, -1)
