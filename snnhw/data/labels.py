"""The one rule of labels: one whole number from 0 for each sample, whatever type it is saved in.

Whole numbers saved as floats (0.0, 1.0), as booleans or in any integer type are taken; everything else is refused in
one sentence, by every verb alike.
"""

from __future__ import annotations

import numpy as np

from snnhw.errors import InputError
from snnhw.graph.ir import Array

LARGEST = 2.0**53  # up to here float64 holds every whole number


def class_numbers(targets: Array, name: str, outputs: int | None = None) -> Array:
    """Labels as int64 [N].

    Args:
        targets: [N], of any type of numbers.
        name: of the samples.
        outputs: how many the network has, so that labels lie below; None where there is no network.

    Raises:
        InputError: they are one-hot or of another shape, some are no whole numbers or negative, or the network has no
            such output.
    """
    targets = np.asarray(targets)
    if targets.ndim != 1:
        raise InputError(_wrong_shape(targets, name))
    if targets.dtype.kind not in "fiub":
        raise InputError(f"The labels of {name} are {targets.dtype}; number the classes from 0.")
    values = targets.astype(np.float64)
    wrong = np.flatnonzero(~((values >= 0) & (values == np.floor(values)) & (values < LARGEST)))
    if wrong.size:
        index = int(wrong[0])
        raise InputError(f"Label {index} of {name} is {targets[index]}; number the classes from 0, in whole numbers.")
    numbers: Array = targets.astype(np.int64, copy=False)
    if outputs is not None and numbers.max(initial=0) >= outputs:
        raise InputError(
            f"The labels of {name} reach {numbers.max()} and the network has the outputs 0..{outputs - 1}; number the "
            "classes as the network does."
        )
    return numbers


def row_of_classes(shape: tuple[int, ...]) -> int:
    """How many classes a network tells apart whose output has `shape`, without the axis of samples.

    Raises:
        InputError: it is no row, so that no label can be compared with it.
    """
    if len(shape) != 1:
        raise InputError(
            f"The network's output has the shape {list(shape)}, which is no row of classes; flatten it, or leave out "
            "the labels."
        )
    return shape[0]


def _wrong_shape(targets: Array, name: str) -> str:
    shape = list(targets.shape)
    if targets.ndim == 2 and targets.shape[1] > 1 and (np.sort(targets) == [0] * (shape[1] - 1) + [1]).all():
        return f"The labels of {name} are one-hot, {shape}; save their numbers, target.argmax(axis=1)."
    return f"The labels of {name} have the shape {shape}; give one whole number for each sample, [N]."
