"""Axons of a pool bring each spike to every window that it lies in, as torch's pool adds it up."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from snnhw.exporters.nengo_loihi.pools import merged, through, windows
from snnhw.graph.ir import Pool

PAIR = st.tuples(st.integers(1, 3), st.integers(1, 3))


def summed(maps, x, size):
    total = np.zeros(size, int)
    for to in maps:
        np.add.at(total, to[to >= 0], x.ravel()[to >= 0])
    return total


def pool_of(kernel, stride, padding, arriving):
    shape = tuple((n + 2 * p - k) // s + 1 for n, k, s, p in zip(arriving[1:], kernel, stride, padding, strict=True))
    return Pool(name="pool", kind="sum", shape=(arriving[0], *shape), kernel=kernel, stride=stride, padding=padding)


@given(PAIR, PAIR, st.booleans(), st.integers(0, 2**31))
def test_windows_are_those_of_torch(kernel, stride, padded, seed):
    arriving = (2, 5, 4)
    pool = pool_of(kernel, stride, tuple(k // 2 for k in kernel) if padded else (0, 0), arriving)
    x = np.random.default_rng(seed).integers(0, 2, arriving)
    expected = torch.nn.functional.avg_pool2d(
        torch.as_tensor(x, dtype=torch.float64)[None], kernel, stride, pool.padding, divisor_override=1
    )
    maps = windows(pool, arriving)
    assert np.array_equal(summed(maps, x, pool.size), expected.numpy().ravel())
    assert len(maps) <= -(-kernel[0] // stride[0]) * -(-kernel[1] // stride[1])


def test_pools_behind_each_other_and_none():
    first = pool_of((3, 3), (1, 1), (1, 1), (1, 6, 6))
    second = pool_of((2, 2), (2, 2), (0, 0), first.shape)
    x = np.random.default_rng(0).integers(0, 2, (1, 6, 6))
    inner = summed(windows(first, (1, 6, 6)), x, first.size).reshape(first.shape)
    expected = inner.reshape(3, 2, 3, 2).sum(axis=(1, 3)).ravel()
    assert np.array_equal(summed(through([(first, (1, 6, 6)), (second, first.shape)], 36), x, second.size), expected)
    (plain,) = through([], 5)
    assert plain.tolist() == [0, 1, 2, 3, 4]


def test_maps_that_leave_each_other_room_are_one():
    assert [m.tolist() for m in merged([np.array([0, -1, 2]), np.array([-1, 1, -1])])] == [[0, 1, 2]]
    assert len(merged([np.array([0, 1]), np.array([2, -1])])) == 2
