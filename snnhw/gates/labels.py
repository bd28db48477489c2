"""The gate for labels of a file: numbers of classes that fit into 64 bits, none negative, none missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from snnhw.errors import InputError

LARGEST = np.iinfo(np.int64).max


def check_labels(targets: npt.NDArray[Any], where: str) -> None:
    """Nothing, where every label may be the number of a class.

    Raises:
        InputError: one is NaN, infinite, negative or beyond 64 bits; the message says which.
    """
    wrong = ~np.isfinite(targets) if targets.dtype.kind == "f" else np.zeros(targets.shape, bool)
    if targets.dtype.kind != "b":
        wrong = wrong | (targets < 0) | (targets > LARGEST)
    if wrong.any():
        index = int(np.flatnonzero(wrong)[0])
        raise InputError(f"Label {index} of {where} is {targets[index]}; number the classes from 0.")
