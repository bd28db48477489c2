"""Adding up what Lava's processes recorded, against counting by hand; nothing here needs Lava."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.exporters.lava.runtime.network import LavaNetwork, Process, Unit
from snnhw.exporters.lava.runtime.stream import (
    RING_BYTES,
    SAMPLES_PER_RUN,
    Options,
    Totals,
    _add_unit,
    _logits,
    _samples_per_run,
    to_torch_order,
)

SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.tuples(*[st.integers(1, 5)] * 3)


@given(SEEDS, SIZES)
def test_the_order_of_torch_is_that_of_lava_backwards(seed, size):
    x = np.random.default_rng(seed).normal(size=(2, *size))  # (.., W, H, C)
    turned = to_torch_order(x)
    for w, h, c in np.ndindex(*size):
        assert (turned[:, c, h, w] == x[:, w, h, c]).all()


@given(SEEDS, st.integers(1, 4), st.integers(1, 3), st.integers(1, 5), SIZES)
def test_packed_spikes_add_up_to_counts_per_level_step_and_graded_spike(seed, samples, levels, steps, size):
    rng = np.random.default_rng(seed)
    fired = rng.random((samples, steps, levels, *size)) < 0.4  # in Lava's order
    unit, totals = Unit("u", tuple(f"u_l{k}" for k in range(levels))), Totals()
    for sample in fired:
        _add_unit(unit, np.packbits(sample.reshape(steps, levels, -1), axis=-1), size, totals)
    found = totals.result()
    ordered = to_torch_order(fired)  # [N, T, K, C, H, W]
    np.testing.assert_array_equal(found["levels/u"], ordered.sum(axis=(0, 1)))
    np.testing.assert_array_equal(found["events/u"], ordered.any(axis=2).sum(axis=(0, 1)))
    np.testing.assert_array_equal(found["levels_t/u"], fired.sum(axis=(0, 3, 4, 5)).T)


def test_rows_are_kept_sample_by_sample_and_sums_are_not():
    totals = Totals()
    for value in (1, 2, 4):
        totals.add("sum", np.array([value]))
        totals.append("rows", np.array([value]))
    found = totals.result()
    assert found["sum"].tolist() == [7] and found["rows"].tolist() == [[1], [2], [4]]


def network(reduction: str, bias: bool, neurons: int = 6, timesteps: int = 4) -> LavaNetwork:
    sink = Process("out", "sink", (3,), 2, ("u",), {}, {"bias": "out/bias"} if bias else {})
    return LavaNetwork(
        name="n",
        timesteps=timesteps,
        integer=False,
        processes=(Process("in", "source", (3,), 0), Process("u", "lif", (neurons,), 1, ("in",)), sink),
        units=(Unit("u", ("u",)),),
        reduction=reduction,
        arrays={"out/bias": np.array([0.5, 0.0, -1.0])} if bias else {},
    )


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_logits_add_the_bias_in_every_step_before_they_are_averaged(reduction, bias):
    arrived = np.random.default_rng(0).normal(size=(4, 3))
    net = network(reduction, bias)
    per_step = arrived + (np.array([0.5, 0.0, -1.0]) if bias else 0.0)
    expected = per_step.sum(axis=0) if reduction == "sum" else per_step.mean(axis=0)
    np.testing.assert_allclose(_logits(net, net.sink, arrived), expected, rtol=1e-12)


@given(st.integers(1, 10**7), st.integers(1, 300), st.integers(1, 5000), st.booleans(), st.integers(1, 9))
def test_a_run_takes_few_samples_and_the_ring_stays_within_its_memory(neurons, steps, samples, membranes, waiting):
    net = network("sum", False, neurons, steps)
    taken = _samples_per_run(net, Options(membranes=membranes), samples, waiting)
    assert 1 <= taken <= min(samples, SAMPLES_PER_RUN)
    size = (taken + waiting) * steps * neurons * (8 if membranes else 0.125)
    assert taken == 1 or size <= RING_BYTES
