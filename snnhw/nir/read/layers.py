"""NIR layers without state -> typed nodes: convolution, matrix, pool, flatten, scale, delay.

Output shapes follow torch (Conv2d, AvgPool2d documentation), not nir 1.0.8, whose inference takes the kernel's height
for its width and forgets groups.
"""

from __future__ import annotations

import dataclasses
from typing import Literal

import numpy as np

from snnhw.errors import InputError
from snnhw.graph.firing import scalar
from snnhw.graph.ir import Array, Conv2d, Delay, Flatten, Linear, Node, Pool, Readout, Scale, Window
from snnhw.graph.shapes import Shape
from snnhw.nir.file import RawNode
from snnhw.nir.read.fields import Context, array_of, fitting, pair, shown, whole


def conv2d(raw: RawNode, name: str, arriving: Shape, context: Context) -> list[Node]:
    """`Conv2d`, weight [out, in/groups, height, width]."""
    weight = _weight(raw, name, 4, "[out, in, height, width]")
    return [_conv(raw, name, arriving, context, weight)]


def conv1d(raw: RawNode, name: str, arriving: Shape, context: Context) -> list[Node]:
    """`Conv1d` as a convolution of height 1 on (channels, 1, length)."""
    weight = _weight(raw, name, 3, "[out, in, length]")
    return [_conv(raw, name, arriving, context, weight[:, :, None, :])]


def _weight(raw: RawNode, name: str, rank: int, wanted: str) -> Array:
    weight = array_of(raw, "weight", name)
    if weight.ndim != rank or 0 in weight.shape:
        raise InputError(f"Node {name!r} ({raw.type}) has a weight of shape {list(weight.shape)}; it must be {wanted}.")
    return weight


def _conv(raw: RawNode, name: str, arriving: Shape, context: Context, weight: Array) -> Conv2d:
    flat = raw.type == "Conv1d"
    stride, dilation = _pair(raw, "stride", name, 1, flat), _pair(raw, "dilation", name, 1, flat)
    groups = whole(raw, "groups", name, 1)
    channels = weight.shape[1] * groups
    if len(arriving) > 3 and arriving[-3] == channels:
        raise InputError(
            f"Convolution {name!r} takes {channels} channels but gets the shape {list(arriving)}, with "
            f"{list(arriving[:-3])} in front of them, which looks like a batch; write the shape of one sample into the "
            "Input."
        )
    if len(arriving) != 3 or arriving[0] != channels or weight.shape[0] % groups:
        raise InputError(
            f"Convolution {name!r} takes {channels} channels in {groups} groups but gets the shape {list(arriving)}; "
            "check the weight's shape and the groups."
        )
    size = (arriving[1], arriving[2])
    window = Window(size, (weight.shape[2], weight.shape[3]), stride, dilation=dilation)
    weight, padding = _padding(raw, name, weight, window, context)
    found = Conv2d(
        name=name,
        shape=(),  # follows from the rest
        weight=weight,
        bias=_bias(raw, name, weight.shape[0]),
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
    )
    shape = found.sent_shape(arriving)
    if shape is None:
        raise InputError(
            f"Convolution {name!r} has a kernel larger than its padded input {list(arriving)}; check both."
        )
    return dataclasses.replace(found, shape=shape)


def _pair(raw: RawNode, key: str, name: str, least: int, flat: bool) -> tuple[int, int]:
    """(height, width); of a `Conv1d` the field is the width's."""
    return (least, whole(raw, key, name, least)) if flat else pair(raw, key, name, least)


def _padding(raw: RawNode, name: str, weight: Array, window: Window, context: Context) -> tuple[Array, tuple[int, int]]:
    """(weight, padding): numbers as they are, 'valid' as 0, 'same' such that ceil(size / stride) comes out.

    Where 'same' needs one more column on the right (even kernels, as torch pads them), the kernel gets a zero column on
    the left instead, so that the padding is the same on both sides.
    """
    words = raw.fields.get("padding")
    if not isinstance(words, str):
        return weight, _pair(raw, "padding", name, 0, raw.type == "Conv1d")
    if words == "valid":
        return weight, (0, 0)
    if words != "same":
        raise InputError(
            f"Convolution {name!r} has the padding {shown(words)}; it must be a number, 'same' or 'valid'."
        )
    padding = []
    for axis, (n, s, d) in enumerate(zip(window.size, window.stride, window.dilation, strict=True), start=2):
        outputs = -(-n // s)
        total = max((outputs - 1) * s + d * (weight.shape[axis] - 1) + 1 - n, 0)
        before = total // 2
        if total % 2:
            if d > 1:
                raise InputError(
                    f"Convolution {name!r} needs uneven 'same' padding with dilation; give the padding as numbers."
                )
            weight = np.concatenate([np.zeros_like(np.take(weight, [0], axis)), weight], axis)
            before += 1
        padding.append(before)
    if window.stride != (1, 1):
        context.find(
            "same-padding-with-stride",
            "warning",
            name,
            "'same' with a stride is not defined by NIR; the output is the input divided by the stride, rounded up",
            "export the padding as numbers",
        )
    return weight, (padding[0], padding[1])


def _bias(raw: RawNode, name: str, outputs: int) -> Array | None:
    if "bias" not in raw.fields:
        return None
    bias = array_of(raw, "bias", name)
    if bias.shape != (outputs,):
        raise InputError(f"Node {name!r} has a bias of shape {list(bias.shape)}; it must be [{outputs}].")
    return bias


def affine(raw: RawNode, name: str, arriving: Shape, context: Context) -> list[Node]:
    """`Affine` and `Linear`, weight [out, in]; an input of several dimensions is flattened first."""
    weight = _weight(raw, name, 2, "[out, in]")
    size = int(np.prod(arriving, dtype=np.int64))
    if size != weight.shape[1]:
        raise InputError(f"Layer {name!r} takes {weight.shape[1]} values but gets {list(arriving)}; check the edges.")
    bias = _bias(raw, name, weight.shape[0]) if raw.type == "Affine" else None
    linear = Linear(name=name, shape=(weight.shape[0],), weight=weight, bias=bias)
    if len(arriving) == 1:
        return [linear]
    context.find("implicit-flatten", "info", name, f"its input {list(arriving)} is flattened first", "none needed")
    return [Flatten(name=context.made_up(f"{name}_flat"), shape=(size,)), linear]


def pool(raw: RawNode, name: str, arriving: Shape, context: Context) -> list[Node]:
    """`AvgPool2d` (padding counts, as torch's default) and `SumPool2d`."""
    kind: Literal["avg", "sum"] = "avg" if raw.type == "AvgPool2d" else "sum"
    kernel, stride = pair(raw, "kernel_size", name, 1), pair(raw, "stride", name, 1)
    padding = pair(raw, "padding", name, 0)
    if len(arriving) != 3:
        raise InputError(f"Pool {name!r} gets the shape {list(arriving)}; it needs [channels, height, width].")
    if any(2 * p > k for p, k in zip(padding, kernel, strict=True)):
        raise InputError(f"Pool {name!r} pads {list(padding)}, more than half its kernel {list(kernel)}; reduce it.")
    shape = (arriving[0], *Window((arriving[1], arriving[2]), kernel, stride, padding).out)
    return [Pool(name=name, shape=shape, kind=kind, kernel=kernel, stride=stride, padding=padding)]


def flatten(raw: RawNode, name: str, arriving: Shape, context: Context) -> list[Node]:
    """`Flatten` of everything; a partial one is taken for one that counts the batch dimension, with a finding."""
    rank = len(arriving)
    start, end = whole(raw, "start_dim", name, -rank, 1), whole(raw, "end_dim", name, -rank, -1)
    if start >= rank or end > rank:
        raise InputError(
            f"Flatten {name!r} goes from {start} to {end} but gets {list(arriving)}; check the dimensions."
        )
    outside = [n for i, n in enumerate(arriving) if not start % rank <= i <= (end % rank if end < rank else rank)]
    if any(n > 1 for n in outside):
        context.find(
            "flatten-counts-batch",
            "warning",
            name,
            f"dimensions {start} to {end} of {list(arriving)}, counted without batch as NIR does, are not all of it; "
            "all is flattened, as exporters that count the batch mean it",
            "export with start_dim 0",
        )
    return [Flatten(name=name, shape=(int(np.prod(arriving, dtype=np.int64)),))]


def scale(raw: RawNode, name: str, arriving: Shape, context: Context) -> list[Node]:
    """`Scale`: elementwise product."""
    factor = fitting(array_of(raw, "scale", name), "scale", name, arriving, context)
    return [Scale(name=name, shape=arriving, scale=scalar(factor))]


def delay(raw: RawNode, name: str, arriving: Shape, context: Context) -> list[Node]:
    """`Delay` in seconds as whole steps; nothing for a delay of zero."""
    seconds = fitting(array_of(raw, "delay", name), "delay", name, arriving, context).astype(np.float64)
    exact = seconds / context.dt
    steps = np.rint(exact)
    if (steps < 0).any() or (steps > 2**31).any():
        raise InputError(f"Delay {name!r} is negative or beyond 2^31 steps of {context.dt:g}; check it and --dt.")
    if (np.abs(steps - exact) > 1e-3 * np.maximum(1, exact)).any() or ((steps == 0) & (exact > 0)).any():
        context.find(
            "delay-rounded",
            "warning",
            name,
            f"the delay is not a multiple of the time step {context.dt:g}; it is rounded to whole steps",
            "give the step of the framework that trained it with --dt",
        )
    if not steps.any():
        return []
    whole_steps = steps.astype(np.int64)
    uniform = (whole_steps == whole_steps.flat[0]).all()
    return [Delay(name=name, shape=arriving, steps=int(whole_steps.flat[0]) if uniform else whole_steps)]


def output(raw: RawNode, name: str, arriving: Shape, context: Context) -> list[Node]:
    """`Output`; what arrives is read, whatever shape the file declares."""
    declared = array_of(raw, "shape", name).reshape(-1) if "shape" in raw.fields else np.zeros(0)
    if declared.size and np.prod(declared) != np.prod(arriving):
        context.find(
            "output-shape",
            "warning",
            name,
            f"the file declares {[int(n) for n in declared]} outputs and {list(arriving)} arrive, which are read",
            "correct the shape of the Output, or what leads into it",
        )
    return [Readout(name=name, shape=arriving)]
