"""The synapses of a layer one by one: from which neuron to which, and the weight."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from snnhw.graph.ir import Conv2d, Linear, Synapse

Listed = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]  # from, to, weight


def synapses_of(synapse: Synapse, shape: tuple[int, ...]) -> Listed:
    """Every synapse of a layer on `shape` whose weight is not 0; neurons are numbered as (C, H, W) lies in memory."""
    return matrix_synapses(synapse) if isinstance(synapse, Linear) else conv_synapses(synapse, shape)


def matrix_synapses(matrix: Linear) -> Listed:
    """Every synapse of a matrix whose weight is not 0."""
    end, start = np.nonzero(matrix.weight)
    return start, end, matrix.weight[end, start].astype(np.float64)


def conv_synapses(conv: Conv2d, shape: tuple[int, ...]) -> Listed:
    """Every synapse of a convolution on `shape` [C, H, W] whose weight is not 0; numbers run c*H*W + y*W + x."""
    per, per_out = conv.weight.shape[1], conv.weight.shape[0] // conv.groups
    o, i, ky, kx = np.nonzero(conv.weight)
    y, x = np.mgrid[0 : conv.shape[1], 0 : conv.shape[2]]
    row = y[None] * conv.stride[0] - conv.padding[0] + (ky * conv.dilation[0])[:, None, None]
    col = x[None] * conv.stride[1] - conv.padding[1] + (kx * conv.dilation[1])[:, None, None]
    inside = (row >= 0) & (row < shape[1]) & (col >= 0) & (col < shape[2])
    channel = (o // per_out * per + i)[:, None, None]
    start = ((channel * shape[1] + row) * shape[2] + col)[inside]
    end = ((o[:, None, None] * conv.shape[1] + y[None]) * conv.shape[2] + x[None])[inside]
    weight = np.broadcast_to(conv.weight[o, i, ky, kx][:, None, None], row.shape)[inside]
    return start.astype(np.int64), end.astype(np.int64), weight.astype(np.float64)
