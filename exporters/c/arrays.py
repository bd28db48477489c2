"""NumPy arrays as C: weights packed into the smallest integers, and constants that are written once.

Weights of a layer are divided by the largest power of two that divides all of them, so the even weights of Loihi fit
int8_t; `Packed.scale` is that power.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnhw.graph.ir import Array, Conv2d, Linear

INTEGERS: tuple[tuple[str, int], ...] = (("int8_t", 1), ("int16_t", 2), ("int32_t", 4), ("int64_t", 8))
PER_LINE = 24  # numbers on a line of a file


@dataclass(frozen=True)
class Packed:
    """Weights of one layer as they lie in memory."""

    ctype: str
    values: Array
    scale: int  # by which a sum of the packed weights is multiplied


def smallest(low: int, high: int) -> str:
    """The smallest C type that holds both."""
    return next(name for name, size in INTEGERS if -(2 ** (8 * size - 1)) <= low and high < 2 ** (8 * size - 1))


def size_of(ctype: str) -> int:
    """Bytes of one number."""
    return dict(INTEGERS)[ctype]


def packed(node: Conv2d | Linear, *, events: bool) -> Packed:
    """Weights of a layer in the order in which its loop reads them: by inputs where it runs through `events`."""
    weight = node.weight.astype(np.int64)
    every = int(np.bitwise_or.reduce(np.abs(weight), axis=None))
    scale = every & -every or 1
    values = weight // scale
    if events and not isinstance(node, Conv2d):
        values = values.T
    elif events and isinstance(node, Conv2d):
        outputs, taken, height, width = values.shape
        grouped = values.reshape(node.groups, outputs // node.groups, taken, height, width)
        values = grouped.transpose(0, 2, 3, 4, 1)
    return Packed(smallest(int(values.min(initial=0)), int(values.max(initial=0))), values.ravel(), scale)


def array(ctype: str, name: str, values: Array) -> str:
    """The definition of a constant."""
    numbers = [str(number) for number in np.ravel(values).tolist()] or ["0"]
    lines = [", ".join(numbers[at : at + PER_LINE]) for at in range(0, len(numbers), PER_LINE)]
    return f"static const {ctype} {name}[{len(numbers)}] = {{\n" + ",\n".join(lines) + "\n};\n"


def parameter(name: str, value: int | Array, rows: tuple[int, int]) -> tuple[str, str, int]:
    """(definition, initialiser of a parameter_t, bytes) of a number or an array of the neurons.

    Args:
        name: of the constant.
        value: one number, or an array of channels and neurons [channels, area].
        rows: channels and area.
    """
    table = np.broadcast_to(np.asarray(value, dtype=np.int64), rows)
    strides = (0, 0)
    if np.ptp(table) == 0:
        table = table[:1, :1]
    elif (table == table[:, :1]).all():
        table, strides = table[:, :1], (1, 0)
    else:
        strides = (rows[1], 1)
    return array("int32_t", name, table), f"{{{name}, {strides[0]}, {strides[1]}}}", 4 * table.size
