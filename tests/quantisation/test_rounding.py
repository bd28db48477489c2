"""Rounding with compensation: limits kept, the current closer than with nearest rounding, the mean current exact."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from snnhw.graph.weight_width import WeightWidth
from snnhw.quantisation.moments import Moments
from snnhw.quantisation.rounding import even_weights, rounded_weights


def moments_of(x):
    """Moments of windows x [windows, G, D]."""
    grouped = x.transpose(1, 0, 2)
    return Moments(len(x), (grouped.transpose(0, 2, 1) @ grouped,))


@st.composite
def layers(draw):
    """Weights [O, D] of one or two groups, scales, and correlated non-negative windows."""
    rng = np.random.default_rng(draw(st.integers(0, 2**31)))
    groups, out, size = draw(st.sampled_from([1, 2])), 2 * draw(st.integers(1, 4)), draw(st.integers(1, 40))
    weight = rng.normal(size=(out, size))
    shared = rng.poisson(1.0, (400, groups, 1))
    windows = shared + rng.poisson(draw(st.sampled_from([0.0, 0.5])), (400, groups, size))
    return weight, rng.uniform(5, 400, out), windows.astype(float)


@given(layers())
def test_any_layer_keeps_the_limits_of_weights_and_current(layer):
    weight, scale, windows = layer
    integers = rounded_weights(weight, scale, moments_of(windows))
    assert integers.dtype == np.int32 and (integers % 2 == 0).all() and np.abs(integers).max() <= 254
    wanted = np.abs(weight * scale[:, None])
    assert (np.abs(integers).sum(axis=1) <= wanted.sum(axis=1) + weight.shape[1]).all()


@given(layers(), st.integers(4, 8))
def test_any_width_keeps_its_steps_and_limits(layer, bits):
    (weight, scale, windows), width = layer, WeightWidth(bits)
    wanted = weight * scale[:, None]
    for integers in (
        even_weights(weight, scale, width),
        rounded_weights(weight, scale, moments_of(windows), width),
    ):
        assert (integers % width.step == 0).all() and np.abs(integers).max() <= width.limit
        allowed = np.abs(wanted).sum(axis=1) + weight.shape[1] * width.step / 2
        assert (np.abs(integers).sum(axis=1) <= allowed).all()
    fits = np.abs(wanted) <= width.limit
    assert (np.abs(even_weights(weight, scale, width) - wanted)[fits] <= width.step / 2).all()


def test_independent_inputs_are_rounded_to_the_nearest():
    rng = np.random.default_rng(0)
    weight, scale = rng.normal(size=(6, 20)), np.full(6, 40.0)
    moments = Moments(10**9, (10**9 * np.eye(20)[None],))
    assert np.array_equal(rounded_weights(weight, scale, moments), even_weights(weight, scale))


def test_alike_inputs_lose_much_less():
    rng = np.random.default_rng(1)
    weight, scale = rng.normal(size=(8, 72)), np.full(8, 60.0)
    windows = rng.poisson(1.0, (4000, 1, 1)) + rng.poisson(0.2, (4000, 1, 72))
    moments = moments_of(windows.astype(float))

    def error(integers):
        return np.square((weight - integers / scale[:, None]) @ windows[:, 0].T).mean()

    assert error(rounded_weights(weight, scale, moments)) < 0.25 * error(even_weights(weight, scale))
    assert np.array_equal(rounded_weights(weight, scale, None), even_weights(weight, scale))


def test_even_weights_round_and_clip():
    weight = np.array([0.0, 0.9, 1.1, 253.9, 1000.0, -1000.0])
    assert even_weights(weight, np.ones(6)).tolist() == [0, 0, 2, 254, 254, -254]
    assert even_weights(np.array([[1.1], [1.1]]), np.array([1.0, 10.0])).tolist() == [[2], [12]]


def one_column_at_a_time(weight, scale, windows):
    """The weights of GPTQ as Frantar et al. 2023 write them: rank-one updates by the factor of the inverse."""
    wanted = (weight * scale[:, None]).astype(float)
    products = windows.T @ windows / len(windows)
    square = np.diag(products)
    damped = products + max(0.01, len(square) / len(windows)) * square.mean() * np.eye(len(square))
    order = np.argsort(-square, kind="stable")
    factor = np.linalg.cholesky(np.linalg.inv(damped[np.ix_(order, order)])).T
    left, integers = wanted[:, order], np.empty_like(wanted)
    for i, column in enumerate(order):
        integers[:, column] = np.clip(2 * np.rint(left[:, i] / 2), -254, 254)
        error = (left[:, i] - integers[:, column]) / factor[i, i]
        left[:, i + 1 :] -= np.outer(error, factor[i, i + 1 :])
    return integers


@given(st.integers(0, 2**31), st.integers(1, 300))
def test_any_layer_is_rounded_as_one_column_at_a_time(seed, size):
    """Through the boundary of a block too: what is handed on in one product is what single updates hand on."""
    rng = np.random.default_rng(seed)
    weight, scale = rng.normal(size=(3, size)), rng.uniform(5, 60, 3)
    windows = (rng.poisson(0.5, (600, 1)) + rng.poisson(0.3, (600, size))).astype(float)
    expected = one_column_at_a_time(weight, scale, windows)
    grows = np.abs(expected).sum(axis=1) > np.abs(weight * scale[:, None]).sum(axis=1) + size
    expected[grows] = even_weights(weight, scale)[grows]
    assert np.array_equal(rounded_weights(weight, scale, moments_of(windows[:, None])), expected)
