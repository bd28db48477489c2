"""Sizes in a forward method are numbers: items and parts of a shape, products, quotients and sums of them.

The one size that is not known while tracing is the batch; what depends on it is so many rows for every sample.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from snnhw.errors import InputError

Number = int | float


@dataclass(frozen=True)
class Rows:
    """A size that depends on the batch: `per` rows for every sample."""

    per: Fraction = Fraction(1)


Size = Number | Rows | tuple["Size", ...]

ARITHMETIC: dict[object, Callable[[Number, Number], Number]] = {
    operator.add: operator.add,
    operator.iadd: operator.add,
    operator.sub: operator.sub,
    operator.isub: operator.sub,
    operator.mul: operator.mul,
    operator.imul: operator.mul,
    operator.floordiv: operator.floordiv,
    operator.ifloordiv: operator.floordiv,
    operator.truediv: operator.truediv,
    operator.itruediv: operator.truediv,
    operator.mod: operator.mod,
}
DIVISIONS = (operator.floordiv, operator.truediv)


def computed(target: object, first: Size, second: Size) -> Size | None:
    """`target(first, second)` of two sizes, None where it is none or depends on the batch in another way."""
    function = ARITHMETIC.get(target)
    if function is None or isinstance(first, tuple) or isinstance(second, tuple):
        return None
    if isinstance(second, int | float) and second == 0 and function in (*DIVISIONS, operator.mod):
        return None
    if not isinstance(first, Rows) and not isinstance(second, Rows):
        return function(first, second)
    if isinstance(first, Rows) and isinstance(second, Rows):
        return _of_two(function, first, second)
    if function is operator.mul:
        rows, factor = (first, second) if isinstance(first, Rows) else (second, first)
        return Rows(rows.per * factor) if isinstance(rows, Rows) and isinstance(factor, int) else None
    if isinstance(first, Rows) and isinstance(second, int):
        if function in DIVISIONS:
            return Rows(first.per / second)
        if function is operator.mod and first.per % second == 0:
            return 0
    return None


def _of_two(function: Callable[[Number, Number], Number], first: Rows, second: Rows) -> Size | None:
    if function is operator.add:
        return Rows(first.per + second.per)
    if function is operator.sub and first.per > second.per:
        return Rows(first.per - second.per)
    if function in DIVISIONS:
        ratio = first.per / second.per
        return int(ratio) if ratio.denominator == 1 else None
    return None


def product(sizes: tuple[Size, ...]) -> Size | None:
    """The number of elements of a shape."""
    total: Size | None = 1
    for size in sizes:
        total = None if total is None else computed(operator.mul, total, size)
    return total


def filled(wanted: tuple[Size, ...], shape: tuple[Size, ...]) -> tuple[Size, ...] | None:
    """The sizes of a view of `shape` as `wanted`, the one -1 replaced by what is left; None where it does not fit."""
    if not all(isinstance(size, int | Rows) for size in wanted):
        return None
    total, unknown = product(shape), [i for i, size in enumerate(wanted) if size == -1]
    known = product(tuple(size for size in wanted if size != -1))
    if total is None or known is None or len(unknown) > 1:
        return None
    if not unknown:
        return wanted if known == total else None
    rest = computed(operator.floordiv, total, known)
    whole = rest is not None and computed(operator.mul, rest, known) == total
    return tuple(rest if i == unknown[0] else size for i, size in enumerate(wanted)) if whole and rest else None


def flattened(shape: tuple[Size, ...], start: int, end: int) -> tuple[Size, ...]:
    """`shape` with the axes from start to end (both may count from the last, both are in) as one; -1 stands for it."""
    first, last = start % len(shape), end % len(shape)
    return (*shape[:first], -1, *shape[last + 1 :]) if first < last else shape


def unflattened(shape: tuple[Size, ...], axis: int, sizes: tuple[Size, ...]) -> tuple[Size, ...]:
    """`shape` with the one axis (it may count from the last) as several."""
    at = axis % len(shape)
    return (*shape[:at], *sizes, *shape[at + 1 :])


def size_of(shape: tuple[Size, ...], target: object, args: tuple[object, ...], named: dict[str, object]) -> Size | None:
    """What a call of `target` on a tensor of `shape` says about its size, None where it is about something else."""
    if target is getattr:
        return shape if args[0] == "shape" else len(shape) if args[0] == "ndim" else None
    if target == "size":
        dim = args[0] if args else named.get("dim")
        return of_sizes(operator.getitem, (shape, dim)) if isinstance(dim, int) else shape
    if target == "dim":
        return len(shape)
    return product(shape) if target == "numel" else None


def of_sizes(target: object, args: tuple[object, ...]) -> Size | None:
    """What a call of `target` on sizes gives: an item, a part, a product, arithmetic; None where it is another call."""
    sizes = [a for a in args if isinstance(a, int | float | Rows | tuple)]
    if target is operator.getitem and isinstance(args[0], tuple) and isinstance(args[1], int | slice):
        if isinstance(args[1], int) and not -len(args[0]) <= args[1] < len(args[0]):
            raise InputError(f"Size {args[1]} is asked of what has {len(args[0])} axes; check the shapes.")
        return args[0][args[1]]
    if target in ("numel", math.prod) and isinstance(args[0], tuple):
        return product(args[0])
    return computed(target, sizes[0], sizes[1]) if len(sizes) == len(args) == 2 else None
