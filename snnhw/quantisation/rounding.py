"""Rounding weights to even integers so that the current keeps its values, not each weight its own.

Nearest rounding ignores that the inputs of a window are alike. Here each weight in turn is rounded and its error handed
on to those not yet rounded, such that the expected squared error of the current, dw H dw^T with H = E[x x^T], stays
small: optimal brain quantisation (Frantar and Alistarh 2022) with the Cholesky factor of GPTQ (Frantar et al. 2023).
The bias is not touched, so a neuron whose window is silent keeps its current exactly.
"""

from __future__ import annotations

import numpy as np
import torch

from snnhw.graph.ir import Array
from snnhw.graph.loihi import WEIGHT_LIMIT
from snnhw.quantisation.moments import Moments

DAMPING = 0.01  # of the mean square, added to all; more where windows are few


def even_weights(weight: Array, scale: Array) -> Array:
    """2*round(s*W/2) with s [O], clipped to -254..254, int32."""
    column = np.reshape(scale, (-1,) + (1,) * (weight.ndim - 1))
    even = 2 * np.rint(weight.astype(np.float64) * column / 2)
    integers: Array = np.clip(even, -WEIGHT_LIMIT, WEIGHT_LIMIT).astype(np.int32)
    return integers


def rounded_weights(weight: Array, scale: Array, moments: Moments | None) -> Array:
    """Even weights [O, ...] in -254..254, int32, for the inputs that `moments` describes; the nearest without.

    A row whose absolute sum would grow by more than one unit a weight, which is what the bound of the current allows
    for, is rounded to the nearest.
    """
    nearest = even_weights(weight, scale)
    if moments is None:
        return nearest
    wanted = (weight.astype(np.float64) * np.reshape(scale, (-1,) + (1,) * (weight.ndim - 1))).reshape(len(weight), -1)
    groups = np.split(wanted, len(moments.products))
    parts = [
        _compensated(rows, p / moments.windows, moments.windows)
        for rows, p in zip(groups, moments.products, strict=True)
    ]
    integers = np.concatenate(parts)
    allowed = np.abs(wanted).sum(axis=1) + wanted.shape[1]
    within = np.abs(integers).sum(axis=1) <= allowed
    kept: Array = np.where(within[:, None], integers, nearest.reshape(integers.shape))
    return kept.reshape(weight.shape).astype(np.int32)


def _compensated(wanted: Array, products: Array, windows: int) -> Array:
    """Rows [O, D] rounded column by column, the inputs with the largest mean square first; products E[x x^T]."""
    square = np.diag(products)
    damping = max(DAMPING, len(square) / windows) * max(float(square.mean()), np.finfo(np.float32).tiny)
    order = np.argsort(-square, kind="stable")
    damped = torch.from_numpy(products[np.ix_(order, order)] + damping * np.eye(len(order)))
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(damped))
    factor = torch.linalg.cholesky(inverse, upper=True).numpy()  # inverse = factor^T factor
    left = wanted[:, order].copy()
    done = np.empty_like(left)
    for i in range(len(order)):
        done[:, i] = np.clip(2 * np.rint(left[:, i] / 2), -WEIGHT_LIMIT, WEIGHT_LIMIT)
        left[:, i + 1 :] -= np.outer((left[:, i] - done[:, i]) / factor[i, i], factor[i, i + 1 :])
    back: Array = np.empty_like(done)
    back[:, order] = done
    return back
