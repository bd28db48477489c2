"""Parameters of a framework's neurons as arrays of the graph, broadcast to one frame as torch broadcasts them."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from snnhw.errors import InputError
from snnhw.graph.firing import scalar
from snnhw.graph.ir import Array
from snnhw.graph.shapes import Shape


def parameter(value: Any) -> Array:
    """A number or tensor in float64."""
    if isinstance(value, Tensor):
        value = value.detach().cpu().numpy()
    return np.array(value, dtype=np.float64)


def fitted(name: str, key: str, value: Array, shape: Shape) -> float | Array:
    """`value` as a number, or as an array of `shape`.

    Raises:
        InputError: torch would not broadcast it to a frame of `shape`, or differently for every sample.
    """
    single = scalar(value)
    if isinstance(single, float):
        return single
    while value.ndim > len(shape) and value.shape[0] == 1:
        value = value[0]  # an axis of the batch, the same for all samples
    try:
        return np.array(np.broadcast_to(value, shape))
    except ValueError as error:
        raise InputError(f"{key} of {name!r} has the shape {value.shape} where one frame is {shape}.") from error
