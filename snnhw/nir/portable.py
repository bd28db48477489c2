"""What NIR or its importers lack, in the one form that all of them get right.

Convolutions become dense and square; biases of integer neurons go into a synapse before them, where one can hold them.

nir 1.0.8 takes the kernel's height for its width when it checks types, and the input channels without the groups, so
`nir.read` refuses such files; snnTorch cannot import groups either. Zeros make the same function square and dense.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from snnhw.graph.ir import SYNAPSES, Array, Conv2d, DType, Graph, LoihiLIF
from snnhw.graph.loihi import UNITS_PER_WEIGHT


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


def bias_in_weights(node: LoihiLIF) -> Array:
    """The bias in weight units, shape of `bias_mant`, float64."""
    return node.bias / UNITS_PER_WEIGHT


def channel_bias(node: LoihiLIF, dtype: DType) -> Array:
    """The bias in weight units as a synapse holds it, [C]."""
    return np.broadcast_to(bias_in_weights(node).reshape(-1), (node.shape[0],)).astype(dtype)


def bias_carriers(graph: Graph) -> dict[str, str]:
    """Synapse -> an integer neuron whose bias it can hold for all its targets; no neuron gets its bias twice."""
    found: dict[str, str] = {}
    served: set[str] = set()
    for synapse in (n for n in graph.nodes.values() if isinstance(n, SYNAPSES)):
        edges = graph.out_of(synapse.name)
        targets = [n for n in (graph.nodes[e.target] for e in edges) if isinstance(n, LoihiLIF)]
        if (
            synapse.bias is not None
            or not targets
            or len(targets) < len(edges)
            or any((e.gain, e.delay) != (1, 0) for e in edges)
        ):
            continue
        if any(t.name in served or not _per_channel(t) or t.current_lasts for t in targets):
            continue
        biases = [bias_in_weights(t).reshape(-1) for t in targets]
        if biases[0].any() and all(np.array_equal(b, biases[0]) for b in biases):
            found[synapse.name] = targets[0].name
            served.update(t.name for t in targets)
    return found


def _per_channel(node: LoihiLIF) -> bool:
    return node.bias_mant.size == 1 or node.bias_mant.shape == (node.shape[0],) + (1,) * (node.bias_mant.ndim - 1)
