"""Inputs of a graph, checked and brought to [N, 1 or T, *shape]. Needs NumPy alone."""

from __future__ import annotations

import numpy as np

from snnhw.errors import InputError
from snnhw.graph.given import graph_given, numbers_given
from snnhw.graph.ir import Array, Graph, Input


def check_inputs(graph: Graph, inputs: Array) -> Array:
    """The inputs as [N, 1 or T, *input.shape]; spread over sub-steps where the graph works in time slots.

    Raises:
        InputError: wrong shape, wrong number of steps, values that are not finite, or values that are no events where
            the input takes events.
    """
    graph, inputs = graph_given(graph), numbers_given(inputs)
    shape, slots = graph.input.shape, graph.input.slots
    steps, rest = divmod(graph.timesteps, slots)
    if rest:
        raise InputError(
            f"The {graph.timesteps} steps of {graph.name!r} are no whole windows of {slots} slots; add some."
        )
    inputs = as_images(shape, inputs)
    if inputs.shape[1:] == shape:
        inputs = inputs[:, None]
    elif inputs.shape[2:] != shape or inputs.shape[1] != steps:
        raise InputError(
            f"Inputs of shape {list(inputs.shape)} do not fit {graph.name!r}; give [N, {_dims(shape)}] or "
            f"[N, {steps}, {_dims(shape)}]."
        )
    if inputs.dtype.kind == "f":
        for sample, values in enumerate(inputs):  # one after the other, so that memory does not grow with the data
            if not np.isfinite(values).all():
                raise InputError(f"Input sample {sample} holds NaN or infinity; clean the data first.")
    if graph.input.levels is not None:
        _refuse_other_than_events(graph.input, inputs, graph.input.levels if slots == 1 else slots)
    return inputs if slots == 1 else _in_slots(graph.input, inputs, steps)


def has_steps(graph: Graph, inputs: Array) -> bool:
    """Whether the inputs have an axis of time steps, [N, T, *shape]: it counts that it is there, not what it holds."""
    return as_images(graph.input.shape, inputs).ndim == len(graph.input.shape) + 2


def as_images(shape: tuple[int, ...], inputs: Array) -> Array:
    """Sequences [N, C, L] or [N, T, C, L] as images of one row, where the network has `shape` (C, 1, L)."""
    one_row = len(shape) == 3 and shape[1] == 1 and inputs.shape[1:] != shape
    if one_row and inputs.ndim in (3, 4) and inputs.shape[-2:] == (shape[0], shape[2]):
        return inputs[..., None, :]
    return inputs


def _refuse_other_than_events(node: Input, inputs: Array, levels: int) -> None:
    for sample, values in enumerate(inputs):
        wrong = values[(values < 0) | (values > levels) | (values != np.rint(values))]
        if wrong.size:
            raise InputError(
                f"Input sample {sample} holds {wrong.flat[0]} where {node.name!r} takes events, whole numbers "
                f"0..{levels}; give such data, or say --input-kind analogue."
            )


def _in_slots(node: Input, inputs: Array, steps: int) -> Array:
    """[N, 1 or T, *shape] -> [N, T*S, *shape]: values in the first sub-step of each step, events in unary."""
    frames = np.broadcast_to(inputs, (len(inputs), steps, *node.shape))
    slots: list[Array] = [np.zeros_like(frames) for _ in range(node.slots)]
    if node.levels is None:
        slots[0] = frames
    else:
        slots = [(frames > k).astype(frames.dtype) for k in range(node.slots)]
    return np.stack(slots, axis=2).reshape(len(inputs), steps * node.slots, *node.shape)


def _dims(shape: tuple[int, ...]) -> str:
    return ", ".join(str(n) for n in shape)
