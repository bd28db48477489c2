"""Products of two values that both depend on the input: `q @ k`, `torch.einsum`, `x * y` element by element.

Each is a sum over indices, as einsum writes it: those that both factors and the result have are the groups of a
`Product`, those that are summed over are inside, the others are its rows and columns. Wires bring the factors into that
order and the result out of it. Axes of batch and time have to be groups, the same in both factors.
"""

from __future__ import annotations

import dataclasses
import math
import operator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from snnhw.errors import InputError
from snnhw.graph.ir import Product, Wires
from snnhw.graph.product import LEFT, RIGHT
from snnhw.graph.shapes import Shape
from snnhw.tracing import calls
from snnhw.tracing.derived import held
from snnhw.tracing.idioms import Growing, through_wires
from snnhw.tracing.rearrange import joined
from snnhw.tracing.sizes import Rows
from snnhw.tracing.streams import Stream

MATRIX_PRODUCTS: calls.Calls = (operator.matmul, operator.imatmul, torch.matmul, torch.bmm, "matmul", "bmm")
GATES: calls.Calls = (*calls.PRODUCTS, torch.multiply, "multiply", "multiply_")
Letters = tuple[str, str, str]  # of the axes of both factors and of the result
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def multiplied(graph: Growing, target: Any, args: tuple[Any, ...], named: dict[str, Any], place: str) -> Stream | None:
    """The product of two streams, in a forward at `place`; None of another call.

    Raises:
        InputError: the product mixes samples or steps, or its factors do not fit.
    """
    factors, letters = args, None
    if target is torch.einsum and args and isinstance(args[0], str):
        factors = args[1] if len(args) == 2 and isinstance(args[1], tuple) else args[1:]
    if len(factors) != 2 or named or not all(isinstance(f, Stream) for f in factors):
        return None
    both = (factors[0], factors[1])
    try:
        if target is torch.einsum:
            letters = _by_equation(args[0])
        elif target in GATES:
            letters = _by_element(*both)
        elif target in MATRIX_PRODUCTS:
            letters = _by_matrix(*both)
        return None if letters is None else _added(graph, both, _read(both, *letters), place)
    except InputError as error:
        raise InputError(f"A product in {place} {error}") from error


def _by_element(left: Stream, right: Stream) -> Letters:
    axes = max(len(left.sizes), len(right.sizes))
    return LETTERS[axes - len(left.sizes) : axes], LETTERS[axes - len(right.sizes) : axes], LETTERS[:axes]


def _by_matrix(left: Stream, right: Stream) -> Letters:
    if min(len(left.shape), len(right.shape)) < 2:
        raise InputError("has a factor without rows and columns behind batch and time; give both factors two axes")
    axes = max(len(left.sizes), len(right.sizes)) - 2
    ahead = [LETTERS[axes - len(s.sizes) + 2 : axes] for s in (left, right)]
    return f"{ahead[0]}xy", f"{ahead[1]}yz", f"{LETTERS[:axes]}xz"


def _by_equation(equation: str) -> Letters:
    taken, arrow, sent = equation.replace(" ", "").partition("->")
    parts = taken.split(",")
    if not arrow or "." in equation or len(parts) != 2 or any(len(set(p)) < len(p) for p in (*parts, sent)):
        raise InputError(f"is written {equation!r}; write every index once in each factor, and the result behind ->")
    return parts[0], parts[1], sent


@dataclass(frozen=True)
class _Read:
    """The axes of a sample in both factors and in the result, by letter, and how long each is."""

    factors: tuple[str, str]
    sent: str
    sizes: dict[str, int]

    @property
    def groups(self) -> str:
        """Axes that both factors and the result have."""
        return "".join(a for a in self.sent if a in self.factors[0] and a in self.factors[1])

    @property
    def summed(self) -> str:
        """Axes that both factors have and the result has not."""
        return "".join(a for a in self.factors[0] if a in self.factors[1] and a not in self.sent)

    def own(self, side: int) -> str:
        """Axes of the result that one factor alone has."""
        return "".join(a for a in self.sent if a in self.factors[side] and a not in self.factors[1 - side])

    def counted(self, *letters: str) -> Shape:
        """How many elements there are along such axes."""
        return tuple(math.prod(self.sizes[a] for a in some) for some in letters)


def _read(both: tuple[Stream, Stream], first: str, second: str, sent: str) -> _Read:
    """What einsum "`first`,`second`->`sent`" does; an axis of size 1 goes with one of any size."""
    left, right = both
    if [len(left.sizes), len(right.sizes)] != [len(first), len(second)] or len(left.sizes) != len(right.sizes):
        raise InputError("has factors of different numbers of axes; unsqueeze one of them")
    lead = len(left.lead)
    alike = (left.lead, left.batch_first) == (right.lead, right.batch_first)
    if not alike or not first[:lead] == second[:lead] == sent[:lead]:
        raise InputError("mixes samples or steps; keep batch and time as the first axes of both factors")
    if left.end is not None or right.end is not None:
        raise InputError("stands behind the mean over time; put it before the mean")
    sizes: dict[str, int] = {}
    for letters, stream in ((first[lead:], left), (second[lead:], right)):
        for letter, size in zip(letters, stream.shape, strict=True):
            known = sizes.get(letter, 1)
            if known != size and 1 not in (size, known):
                raise InputError(f"has factors of {left.shape} and {right.shape}; make them fit")
            sizes[letter] = max(size, known)
    read = _Read((first[lead:], second[lead:]), sent[lead:], sizes)
    if set(sizes) != set(read.sent) | set(read.summed):
        raise InputError("sums over an axis that one factor alone has; sum it before")
    return read


def _added(graph: Growing, both: tuple[Stream, Stream], read: _Read, place: str) -> Stream:
    """The stream behind the product, which has the lead of its factors."""
    left, right = both
    groups, summed = read.groups, read.summed
    node = Product(
        name=graph.name("product" if place == "forward" else f"{place}.product"),
        shape=read.counted(groups, read.own(LEFT), read.own(RIGHT)),
        inner=read.counted(summed)[0],
    )
    orders = (groups + read.own(LEFT) + summed, groups + summed + read.own(RIGHT))
    arriving: Stream | None = None
    for side, stream in ((LEFT, left), (RIGHT, right)):
        flat = _in_a_row(graph, stream, read, read.factors[side], orders[side])
        ends: list[Shape] = [(size,) for size in node.sizes]
        part = through_wires(graph, joined(graph.name(f"{node.name}_factor"), ends, side, 0), flat)
        arriving = part if arriving is None else arriving.plus(part, place)
    product = graph.add(node, dataclasses.replace(arriving or left, lead=(Rows(),)))
    taken = groups + read.own(LEFT) + read.own(RIGHT)
    numbers = np.arange(node.size).reshape([read.sizes[a] for a in taken])
    source = numbers.transpose([taken.index(a) for a in read.sent])
    back = Wires(name=graph.name(f"{node.name}_sent"), shape=source.shape, source=source, taken=node.shape)
    return dataclasses.replace(through_wires(graph, back, product), lead=left.lead, shape=source.shape)


def _in_a_row(graph: Growing, stream: Stream, read: _Read, letters: str, wanted: str) -> Stream:
    """A factor in the order of the axes `wanted`; what it has once is copied along axes of the other."""
    numbers = np.arange(math.prod(stream.shape)).reshape(stream.shape)
    full = np.broadcast_to(numbers, [read.sizes[a] for a in letters])
    source = full.transpose([letters.index(a) for a in wanted]).reshape(-1)
    made = Wires(name=graph.name("wires"), shape=source.shape, source=source, taken=held(stream.shape))
    return through_wires(graph, made, stream)
