"""What enters a network: samples checked and brought to [N, 1 or T, *shape], and their integers. Needs numpy alone."""

from __future__ import annotations

import numpy as np

from snnhw.errors import InputError
from snnhw.graph.ir import Array, Graph, Input


def check_inputs(graph: Graph, inputs: Array) -> Array:
    """The inputs as [N, 1 or T, *input.shape].

    Raises:
        InputError: wrong shape, wrong number of steps, or values that are not finite.
    """
    shape, steps = graph.input.shape, graph.timesteps
    inputs = np.asarray(inputs)
    if inputs.shape[1:] == shape:
        inputs = inputs[:, None]
    elif inputs.shape[2:] != shape or inputs.shape[1] != steps:
        raise InputError(
            f"Inputs of shape {list(inputs.shape)} do not fit {graph.name!r}; give [N, {_dims(shape)}] or "
            f"[N, {steps}, {_dims(shape)}]."
        )
    if inputs.dtype.kind == "f" and not np.isfinite(inputs).all():
        sample = int(np.argwhere(~np.isfinite(inputs))[0][0])
        raise InputError(f"Input sample {sample} holds NaN or infinity; clean the data first.")
    return inputs


def quantise_input(node: Input, x: Array) -> Array:
    """Integers that enter the network: round(scale * x) clipped to `bits` bits (half to even, as numpy rounds)."""
    limit = 2 ** (node.bits - 1)
    scaled: Array = np.clip(np.rint(x.astype(np.float64) * (node.scale or 1.0)), -limit, limit - 1)
    return scaled


def _dims(shape: tuple[int, ...]) -> str:
    return ", ".join(str(n) for n in shape)
