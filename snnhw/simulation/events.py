"""Convolution of spikes, event by event: work grows with the spikes, and a frame gives the same bits in any batch.

Takes spikes [T, B, C, H, W] and a `Conv2d`, gives currents [T, B, *node.shape]: in C on the CPU, where it can, else as
a dense product. Sums of Loihi integers are exact either way; those of floats agree up to the rounding of their order.
"""

from __future__ import annotations

import ctypes
from pathlib import Path

import torch
from torch import Tensor

from snnhw import native
from snnhw.graph.ir import Conv2d, Graph
from snnhw.simulation.synapses import apply_node

SOURCE = Path(__file__).parent / "kernels" / "events.c"
VECTOR_BYTES = 32  # WIDTH of the C file
VECTORS = (2, 4, 8)  # of output channels that are summed at once
Packed = dict[tuple[Conv2d, torch.dtype], tuple[Tensor, Tensor]]  # weights and bias as `_packed` gives them
LARGEST_FRAME = 1 << 23  # inputs; larger frames would need lists of more than 100 MB for each thread


def carries_events(graph: Graph, name: str) -> bool:
    """True where node `name` is a convolution of spikes that the C loops compute; it does not depend on the spikes."""
    node = graph.nodes[name]
    return isinstance(node, Conv2d) and node.groups == 1 and graph.arriving(name).kind == "spikes"


def convolve_events(node: Conv2d, x: Tensor, packed: Packed | None = None) -> Tensor:
    """Currents [T, B, *node.shape] for spikes x [T, B, C, H, W].

    In `packed` the weights are kept as the loops take them, for the batches to come.
    """
    if not native.usable(SOURCE, x) or x[0, 0].numel() > LARGEST_FRAME:
        return apply_node(node, x)
    x = x.contiguous()
    steps, batch, channels, height, width = x.shape
    out, rows, columns = node.shape[0], *node.weight.shape[2:]
    lanes = _lanes(out, x.dtype)
    kept: Packed = {} if packed is None else packed
    if (node, x.dtype) not in kept:
        kept[node, x.dtype] = _packed(node, x.dtype, lanes)
    weight, bias = kept[node, x.dtype]
    y = x.new_empty((steps, batch, *node.shape))
    sizes = (steps * batch, channels, height, width, *node.shape, rows, columns)
    sizes += (*node.stride, *node.padding, *node.dilation)
    failed = getattr(native.library(SOURCE), f"convolve_{native.SUFFIX[x.dtype]}")(
        native.address(x),
        native.address(y),
        native.address(weight),
        native.address(bias),
        (ctypes.c_int64 * len(sizes))(*sizes),
        ctypes.c_int(lanes),
        ctypes.c_int(torch.get_num_threads()),
    )
    return apply_node(node, x) if failed else y


def _lanes(out: int, dtype: torch.dtype) -> int:
    """Output channels that are summed at once: the narrowest choice that holds all, or the widest."""
    choices = [n * VECTOR_BYTES // dtype.itemsize for n in VECTORS]
    return next((lanes for lanes in choices if lanes >= out), choices[-1])


def _packed(node: Conv2d, dtype: torch.dtype, lanes: int) -> tuple[Tensor, Tensor]:
    """Weight [blocks, kh, kw, C, lanes] and bias [blocks * lanes], padded with zeros."""
    weight = torch.as_tensor(node.weight).to(dtype)
    out, blocks = len(weight), -(-len(weight) // lanes)
    padded = weight.new_zeros((blocks * lanes, *weight.shape[1:]))
    padded[:out] = weight
    bias = weight.new_zeros(blocks * lanes)
    if node.bias is not None:
        bias[:out] = torch.as_tensor(node.bias).to(dtype)
    return padded.reshape(blocks, lanes, *weight.shape[1:]).permute(0, 3, 4, 2, 1).contiguous(), bias
