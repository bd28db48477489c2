"""Spikes that autograd keeps for backward as one byte each instead of four: memory for a little time.

A convolution keeps its input, and that of most layers is spikes or sums of spikes. A tensor with any value that is no
whole number of 0..255 is kept as it is, so gradients have the same bits. On a GPU each look costs a synchronisation.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

SMALLEST = 4096  # elements; numbers of channels and biases are not worth a look


class Bytes(NamedTuple):
    """A tensor of whole numbers, and its dtype before."""

    values: Tensor
    dtype: torch.dtype


def packed_spikes() -> saved_tensors_hooks:
    """Context of the forward pass of a training step, loss included."""
    return saved_tensors_hooks(pack, unpack)


def pack(x: Tensor) -> Tensor | Bytes:
    """x as bytes where that loses nothing and pays, else x."""
    parameter = x.is_leaf and x.requires_grad
    if parameter or x.numel() < SMALLEST or not x.is_floating_point():
        return x
    first_row = x[(0,) * (x.dim() - 1)]  # most tensors that are no spikes show it here, without a walk over all of them
    return (_bytes(first_row) and _bytes(x)) or x


def unpack(kept: Tensor | Bytes) -> Tensor:
    """The tensor that `pack` was called with."""
    return kept.values.to(kept.dtype) if isinstance(kept, Bytes) else kept


def _bytes(x: Tensor) -> Bytes | None:
    values = x.to(torch.uint8)
    return Bytes(values, x.dtype) if torch.equal(values.to(x.dtype), x) else None
