"""Convolutions in the one form that every NIR importer gets right: dense and with a square kernel.

nir 1.0.8 takes the kernel's height for its width when it checks types, and the input channels without the groups, so
`nir.read` refuses such files; snnTorch cannot import groups either. Zeros make the same function square and dense.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from snnhw.graph.ir import Array, Conv2d


def portable(conv: Conv2d) -> Conv2d:
    """The same function with one group and a square kernel; a kernel with an even and an odd side stays as it is."""
    weight, (height, width) = dense_weight(conv), conv.weight.shape[2:]
    grow = (max(width - height, 0), max(height - width, 0))
    if grow[0] % 2 or grow[1] % 2:
        grow = (0, 0)
    around = [(0, 0), (0, 0), *((g // 2, g // 2) for g in grow)]
    padding = tuple(p + d * (g // 2) for p, d, g in zip(conv.padding, conv.dilation, grow, strict=True))
    return dataclasses.replace(conv, weight=np.pad(weight, around), padding=padding, groups=1)


def dense_weight(conv: Conv2d) -> Array:
    """Weight [O, I, kh, kw] of the convolution with one group: zeros between the groups."""
    if conv.groups == 1:
        return conv.weight
    outputs, inputs, height, width = conv.weight.shape
    dense: Array = np.zeros((outputs, inputs * conv.groups, height, width), conv.weight.dtype)
    per_group = outputs // conv.groups
    for g in range(conv.groups):
        rows = slice(g * per_group, (g + 1) * per_group)
        dense[rows, g * inputs : (g + 1) * inputs] = conv.weight[rows]
    return dense


def describe_form(conv: Conv2d) -> dict[str, Any] | None:
    """What `restored` needs, None where the convolution is portable already."""
    if conv.groups == 1 and conv.weight.shape[2] == conv.weight.shape[3]:
        return None
    return {"groups": conv.groups, "kernel": list(conv.weight.shape[2:]), "padding": list(conv.padding)}


def restored(conv: Conv2d, form: Mapping[str, Any]) -> Conv2d:
    """The convolution that `portable` turned into `conv`; `conv` itself where `form` does not lead to it."""
    try:
        groups = int(form["groups"])
        height, width = (int(n) for n in form["kernel"])
        padding = (int(form["padding"][0]), int(form["padding"][1]))
        outputs, inputs, tall, wide = conv.weight.shape
        top, left = (tall - height) // 2, (wide - width) // 2
        kernel = conv.weight[:, :, top : top + height, left : left + width]
        rows, columns = outputs // groups, inputs // groups
        weight = np.concatenate(
            [kernel[g * rows : (g + 1) * rows, g * columns : (g + 1) * columns] for g in range(groups)]
        )
        found = dataclasses.replace(conv, weight=weight, padding=padding, groups=groups)
        again = portable(found)
    except (KeyError, TypeError, ValueError, IndexError, ZeroDivisionError, AttributeError):
        return conv
    same = again.padding == conv.padding and np.array_equal(again.weight, conv.weight)
    return found if same else conv
