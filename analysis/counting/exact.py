"""Sums of counts that are exact whatever their size: int64 where it holds them, Python's integers beyond."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]
LARGEST = 2**63 - 1


def total(values: Counts) -> int:
    """Sum of all `values`."""
    if _reach(values) * values.size <= LARGEST:
        return int(values.sum(dtype=np.int64))
    return sum(values.ravel().tolist())


def weighted(values: Counts, weights: Counts) -> int:
    """Sum of the products of two arrays of one shape."""
    if _reach(values) * _reach(weights) * values.size <= LARGEST:
        return int((values * weights).sum(dtype=np.int64))
    pairs = zip(values.ravel().tolist(), weights.ravel().tolist(), strict=True)
    return sum(value * weight for value, weight in pairs)


def _reach(values: Counts) -> int:
    """The largest of |values|."""
    return max(int(values.max(initial=0)), -int(values.min(initial=0)))
