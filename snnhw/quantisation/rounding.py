"""Rounding weights to integers of 4 to 8 bits so that the current keeps its values, not each weight its own.

Nearest rounding ignores that the inputs of a window are alike. Here each weight in turn is rounded and its error handed
on to those not yet rounded, such that the expected squared error of the current, dw H dw^T with H = E[x x^T], stays
small: optimal brain quantisation (Frantar and Alistarh 2022) with the Cholesky factor of GPTQ (Frantar et al. 2023).
The bias is not touched, so a neuron whose window is silent keeps its current exactly.
"""

from __future__ import annotations

import numpy as np
import torch

from snnhw.graph.ir import Array
from snnhw.graph.weight_width import FULL, WeightWidth
from snnhw.quantisation.moments import Moments

DAMPING = 0.01  # of the mean square, added to all; more where windows are few
BLOCK = 128  # columns that the errors of all columns before them reach in one matrix product


def even_weights(weight: Array, scale: Array, width: WeightWidth = FULL) -> Array:
    """d*round(s*W/d) with s [O] and the step d of `width`, clipped to its limit; 2 and 254 for 8 bits. int32."""
    column = np.reshape(scale, (-1,) + (1,) * (weight.ndim - 1))
    even = width.step * np.rint(weight.astype(np.float64) * column / width.step)
    integers: Array = np.clip(even, -width.limit, width.limit).astype(np.int32)
    return integers


def rounded_weights(weight: Array, scale: Array, moments: Moments | None, width: WeightWidth = FULL) -> Array:
    """Weights [O, ...] of `width`, int32, for the inputs that `moments` describes; the nearest without.

    A row whose absolute sum would grow by more than half a step a weight, which is what the bound of the current allows
    for, is rounded to the nearest.
    """
    nearest = even_weights(weight, scale, width)
    if moments is None:
        return nearest
    wanted = (weight.astype(np.float64) * np.reshape(scale, (-1,) + (1,) * (weight.ndim - 1))).reshape(len(weight), -1)
    ends = np.cumsum([product.shape[2] for product in moments.products])[:-1]
    groups = enumerate(np.split(wanted, moments.groups))
    integers = np.concatenate([_by_runs(np.split(rows, ends, axis=1), moments, group, width) for group, rows in groups])
    allowed = np.abs(wanted).sum(axis=1) + wanted.shape[1] * (width.step / 2)
    within = np.abs(integers).sum(axis=1) <= allowed
    kept: Array = np.where(within[:, None], integers, nearest.reshape(integers.shape))
    return kept.reshape(weight.shape).astype(np.int32)


def _by_runs(runs: list[Array], moments: Moments, group: int, width: WeightWidth) -> Array:
    """Rows [O, D] of one group, rounded run by run [O, d]."""
    windows = moments.windows
    pairs = zip(runs, moments.products, strict=True)
    parts = [_compensated(rows, products[group] / windows, windows, width) for rows, products in pairs]
    return np.concatenate(parts, axis=1)


def _compensated(wanted: Array, products: Array, windows: int, width: WeightWidth) -> Array:
    """Rows [O, D] rounded column by column, the inputs with the largest mean square first; products E[x x^T].

    With H = R R^T, R upper triangular, the squared error of the current is |(q - w) R|^2, and its term j holds the
    errors of the columns up to j alone. So each column is rounded where its own term would vanish, which gives the
    weights of GPTQ without the inverse of H (Chen et al. 2025, arXiv 2507.18553).
    """
    square = np.diag(products)
    damping = max(DAMPING, len(square) / windows) * max(float(square.mean()), np.finfo(np.float32).tiny)
    order = np.argsort(-square, kind="stable")
    damped = products[np.ix_(order, order)]
    damped[np.diag_indices_from(damped)] += damping
    terms = _upper_factor(damped)
    terms /= np.diag(terms)
    left = np.ascontiguousarray(wanted[:, order].T)  # [D, O]: a column of the weights is a row here, in one piece
    errors = np.empty_like(left)
    for first in range(0, len(order), BLOCK):
        block = slice(first, first + BLOCK)
        handed_on = terms[:first, block].T @ errors[:first]
        inside = np.ascontiguousarray(terms[block, block].T)
        for i, row in enumerate(inside, first):
            target = left[i] - handed_on[i - first] - row[: i - first] @ errors[first:i]
            errors[i] = np.clip(width.step * np.rint(target / width.step), -width.limit, width.limit) - left[i]
    back: Array = np.empty_like(wanted)
    back[:, order] = np.rint(left + errors).T
    return back


def _upper_factor(positive: Array) -> Array:
    """R, upper triangular, with positive = R R^T: Cholesky's factor of the matrix read from its other end."""
    lower = torch.linalg.cholesky(torch.from_numpy(positive).flip(0, 1))
    factor: Array = lower.flip(0, 1).numpy()
    return factor
