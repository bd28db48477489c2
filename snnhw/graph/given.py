"""What a caller gave where a graph or numbers are needed; another value is refused with what to give instead."""

from __future__ import annotations

import numpy as np

from snnhw.errors import InputError
from snnhw.graph.ir import Array, Graph


def graph_given(value: object) -> Graph:
    """`value`, which is a graph.

    Raises:
        InputError: it is something else, such as a loaded model, which has one.
    """
    if isinstance(value, Graph):
        return value
    holds_one = isinstance(getattr(value, "graph", None), Graph)
    remedy = "its graph, as in model.graph" if holds_one else "that of load_model, model_of, trace or read_nir"
    raise InputError(f"Got a {type(value).__name__} where a Graph is needed; give {remedy}.")


def numbers_given(value: object) -> Array:
    """`value` as an array of numbers; lists and tensors on the CPU become one.

    Raises:
        InputError: it is something else, such as `Samples`, which have such an array.
    """
    if not hasattr(value, "__array__") and isinstance(getattr(value, "values", None), np.ndarray):
        raise InputError(
            f"Got {type(value).__name__} where an array is needed; give the numbers in it, as in samples.values."
        )
    try:
        found = np.asarray(value)
    except (ValueError, TypeError, RuntimeError) as error:
        raise InputError(f"A {type(value).__name__} becomes no array ({error}); give a NumPy array.") from error
    if found.dtype.kind not in "fiub":
        raise InputError(f"Got {found.dtype} values where numbers are needed; give an array of shape [N, C, H, W].")
    return found
