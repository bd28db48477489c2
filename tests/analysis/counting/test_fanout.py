"""Fan-out maps against the tap-by-tap oracle, and by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.analysis.counting.fanout import arrivals, dense_taps, effective_taps, fanout
from snnhw.errors import InputError
from snnhw.graph.ir import MLF, Conv2d, Flatten, Linear, Pool, Product
from tests.analysis.nets import conv_shape, convs, weights
from tests.oracle import taps


def brute(nodes, shape):
    found = np.zeros(shape, dtype=np.int64)
    for position in np.ndindex(*shape):
        reached, before = {position}, shape
        for node in nodes:
            reached, before = set().union(*(taps(node, p, before) for p in reached)), node.shape
        found[position] = len(reached)
    return found


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(0, 2**32 - 1))
def test_conv_map_equals_the_taps(data, seed):
    shape = data.draw(st.tuples(st.sampled_from([1, 2, 4]), st.integers(3, 7), st.integers(3, 7)))
    conv = data.draw(convs("conv", shape, np.random.default_rng(seed)))
    found = fanout([conv], shape)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, brute([conv], shape))
    assert effective_taps(conv, shape) == found.sum()
    assert dense_taps(conv, shape) == brute([full(conv)], shape).sum() >= found.sum()


@settings(max_examples=40, deadline=None)
@given(st.data(), st.integers(0, 2**32 - 1))
def test_arrivals_are_the_fan_out_seen_from_the_targets(data, seed):
    """Each spike is one synop at every target that its taps reach; sums over both sides are equal."""
    rng = np.random.default_rng(seed)
    shape = data.draw(st.tuples(st.sampled_from([1, 2, 4]), st.integers(3, 6), st.integers(3, 6)))
    conv = data.draw(convs("conv", shape, rng))
    spikes = rng.integers(0, 4, shape)
    found, expected = arrivals([conv], spikes), np.zeros(conv.shape, dtype=np.int64)
    for position in np.ndindex(*shape):
        for target in taps(conv, position, shape):
            expected[target] += spikes[position]
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == np.int64 and found.sum() == (fanout([conv], shape) * spikes).sum()
    np.testing.assert_array_equal(arrivals([], spikes), spikes)
    with pytest.raises(InputError, match="'conv' takes"):
        arrivals([conv], np.zeros((3, 9, 9), dtype=np.int64))


def full(conv):
    return Conv2d(
        name="full", shape=conv.shape, weight=np.ones_like(conv.weight), stride=conv.stride, padding=conv.padding,
        dilation=conv.dilation, groups=conv.groups,
    )  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.data(), st.integers(0, 2**32 - 1))
def test_pools_fold_into_what_follows_even_where_windows_overlap(data, seed):
    rng = np.random.default_rng(seed)
    shape = (2, data.draw(st.integers(3, 6)), data.draw(st.integers(3, 6)))
    kernel = (data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3)))
    stride = (data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3)))
    padding = tuple(data.draw(st.integers(0, k // 2)) for k in kernel)
    pooled = conv_shape(shape, 2, kernel, stride, padding, (1, 1))
    pool = Pool(name="pool", shape=pooled, kind="avg", kernel=kernel, stride=stride, padding=padding)
    size = int(np.prod(pooled))
    behind = data.draw(st.sampled_from(["linear", "conv", "nothing"]))
    nodes = {
        "linear": [
            pool,
            Flatten(name="f", shape=(size,)),
            Linear(name="fc", shape=(3,), weight=weights(rng, (3, size))),
        ],
        "conv": [pool, data.draw(convs("conv", pooled, rng))],
        "nothing": [pool],
    }[behind]
    np.testing.assert_array_equal(fanout(nodes, shape), brute(nodes, shape))


def test_same_convolution_by_hand():
    conv = Conv2d(name="conv", shape=(8, 8, 8), weight=np.ones((8, 4, 3, 3)), padding=(1, 1))
    found = fanout([conv], (4, 8, 8))
    assert (found[0, 0, 0], found[0, 0, 4], found[3, 4, 4]) == (32, 48, 72)
    assert dense_taps(conv, (4, 8, 8)) == 8 * 4 * 22**2 == 15488


def test_strided_convolution_of_the_notes():
    """152 spikes into a 3x3 stride-2 conv do not cost what ceil(K/S)^2 says: borders and parity matter."""
    conv = Conv2d(name="conv", shape=(4, 4, 4), weight=np.ones((4, 2, 3, 3)), stride=(2, 2), padding=(1, 1))
    found = fanout([conv], (2, 8, 8))
    assert sorted(set(found.ravel())) == [4, 8, 16]
    assert found.sum() == dense_taps(conv, (2, 8, 8)) == 4 * 2 * 11**2


def test_a_spike_into_the_average_pool_costs_one_synop_per_class():
    nodes = [
        Pool(name="pool", shape=(16, 1, 1), kind="avg", kernel=(8, 8), stride=(8, 8)),
        Flatten(name="flatten", shape=(16,)),
        Linear(name="fc", shape=(10,), weight=np.ones((10, 16))),
    ]
    assert (fanout(nodes, (16, 8, 8)) == 10).all()


@pytest.mark.parametrize("overlapping", [False, True])
def test_a_spike_in_a_factor_meets_a_row_or_a_column_of_the_other(overlapping):
    """[2, 3] @ [3, 5] of two groups; behind a pool whose windows overlap, targets of both windows are counted once."""
    product = Product(name="product", shape=(2, 2, 5), inner=3)
    left, right = product.sizes
    if not overlapping:
        found = fanout([product], (left + right,))
        assert (found[:left] == 5).all() and (found[left:] == 2).all()
        return
    pool = Pool(name="pool", shape=(1, 1, left + right), kind="sum", kernel=(1, 2), stride=(1, 1))
    flat = Flatten(name="flat", shape=(left + right,))
    found = fanout([pool, flat, product], (1, 1, left + right + 1)).ravel()
    assert found[0] == 5 and found[1] == 5  # two elements of one row meet the same five targets
    assert found[3] == 10 and found[left] == 5 + 2  # two rows; a row, and a column of the other factor


def test_what_does_not_fit_is_refused():
    linear = Linear(name="fc", shape=(3,), weight=np.ones((3, 5)))
    with pytest.raises(InputError, match="'fc' takes 5 inputs"):
        fanout([linear], (6,))
    unit = MLF(name="unit", shape=(6,), thresholds=(0.6,), decay=0.25)
    with pytest.raises(InputError, match="has no fan-out"):
        fanout([unit], (6,))
