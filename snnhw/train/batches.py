"""Samples as the tensors that a network is trained and measured on."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from snnhw.data.samples import Samples
from snnhw.graph.ir import Array


def tensors(data: Samples, index: Array | slice = slice(None)) -> tuple[Tensor, Tensor]:
    """Values float32 [B, C, H, W] or [B, T, C, H, W] and targets int64 [B] of the samples at `index`.

    Raises:
        InputError: the samples have no labels.
    """
    values = np.ascontiguousarray(data.values[index], np.float32)
    return torch.from_numpy(values), torch.from_numpy(data.labels()[index])
