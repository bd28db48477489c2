"""Sizes are what torch says they are, for every batch."""

from __future__ import annotations

import math
import operator
from fractions import Fraction

import torch
from hypothesis import given
from hypothesis import strategies as st

from snnhw.tracing.sizes import ARITHMETIC, Rows, Size, computed, filled, flattened, of_sizes, product, size_of

ROWS = st.integers(1, 6).map(lambda n: Rows(Fraction(n)))
SHAPES = st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple)


def at(size: Size, batch: int) -> object:
    """The number that a size is for a batch."""
    if isinstance(size, tuple):
        return tuple(at(s, batch) for s in size)
    return size.per * batch if isinstance(size, Rows) else size


@given(st.sampled_from(list(ARITHMETIC)), st.integers(1, 8) | ROWS, st.integers(0, 8) | ROWS, st.integers(1, 9))
def test_what_is_known_of_arithmetic_is_true_of_every_batch(function, first, second, batch):
    result = computed(function, first, second)
    numbers = [at(first, batch * 840), at(second, batch * 840)]  # of a batch that every divisor here divides
    if result is not None:
        assert at(result, batch * 840) == function(*(int(n) for n in numbers))


def test_arithmetic_that_depends_on_the_batch_otherwise_is_not_known():
    rows = Rows(Fraction(4))
    assert computed(operator.mul, rows, rows) is None and computed(operator.add, rows, 1) is None
    assert computed(operator.floordiv, rows, 4) == Rows() and computed(operator.floordiv, rows, Rows()) == 4
    assert computed(operator.mod, rows, 4) == 0 and computed(operator.mod, rows, 3) is None
    assert computed(operator.floordiv, 4, 0) is None and computed(operator.pow, 2, 2) is None
    assert computed(operator.mul, (1, 2), 2) is None and computed(operator.truediv, 3, 2) == 1.5


@given(SHAPES, st.data())
def test_a_view_has_the_sizes_of_torchs(shape, data):
    batch = 5
    wanted = data.draw(st.permutations([*shape, -1]) | st.just((-1, *shape)) | st.just((*shape, -1)), label="wanted")
    expected = torch.zeros(batch, *shape).view(tuple(wanted)).shape
    sizes = filled(tuple(wanted), (Rows(), *shape))
    assert sizes is not None and at(sizes, batch) == tuple(expected)


def test_views_that_do_not_fit_have_no_sizes():
    assert filled((Rows(), 5), (Rows(), 2, 2)) is None
    assert filled((-1, -1), (Rows(), 2, 2)) is None
    assert filled((Rows(), 4), (Rows(), 2, 2)) == (Rows(), 4)
    assert filled((torch.float32,), (Rows(), 4)) is None and filled((2.5, -1), (Rows(), 4)) is None
    assert product((Rows(Fraction(3)), 2, 2)) == Rows(Fraction(12)) and product((Rows(), Rows())) is None


@given(SHAPES, st.integers(-3, 3), st.integers(-3, 3))
def test_a_flatten_has_the_sizes_of_torchs(shape, start, end):
    x = torch.zeros(2, *shape)
    if not all(-x.dim() <= axis < x.dim() for axis in (start, end)) or start % x.dim() > end % x.dim():
        return
    assert at(filled(flattened((Rows(), *shape), start, end), (Rows(), *shape)), 2) == tuple(
        x.flatten(start, end).shape
    )


def test_what_a_tensor_says_of_its_size():
    shape: tuple[Size, ...] = (Rows(), 3, 4)
    assert size_of(shape, getattr, ("shape",), {}) == shape and size_of(shape, getattr, ("ndim",), {}) == 3
    assert size_of(shape, "size", (), {}) == shape and size_of(shape, "dim", (), {}) == 3
    assert size_of(shape, "size", (-1,), {}) == 4 and size_of(shape, "size", (), {"dim": 1}) == 3
    assert size_of(shape, "numel", (), {}) == Rows(Fraction(12))
    assert size_of(shape, "relu", (), {}) is None and size_of(shape, getattr, ("T",), {}) is None


def test_what_is_computed_of_sizes():
    shape: tuple[Size, ...] = (Rows(), 3, 4)
    assert of_sizes(operator.getitem, (shape, 1)) == 3
    assert of_sizes(operator.getitem, (shape, slice(1, None))) == (3, 4)
    assert of_sizes("numel", ((3, 4),)) == 12 == of_sizes(math.prod, ((3, 4),)) and of_sizes(operator.mul, (3, 4)) == 12
    assert (
        of_sizes(torch.tanh, (3,)) is None
        and of_sizes(operator.mul, (3, object())) is None
        and of_sizes("x", ()) is None
    )
