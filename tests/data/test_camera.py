import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from snnhw.data.camera import Events, bin_events


@settings(max_examples=60, deadline=None)
@given(
    events=st.lists(
        st.tuples(st.integers(0, 15), st.integers(0, 15), st.integers(0, 1), st.integers(0, 40)),
        min_size=1,
        max_size=60,
    ),
    timesteps=st.integers(1, 5),
    step_us=st.sampled_from([None, 7, 30]),
    downsample=st.sampled_from([1.0, 2.0, 3.04]),
    start=st.integers(0, 10**6),
)
def test_counts_equal_a_loop_over_events(events, timesteps, step_us, downsample, start):
    x, y, p, gaps = (np.array(column) for column in zip(*events, strict=True))
    t = start + np.cumsum(gaps)
    side = 5
    expected = np.zeros((timesteps, 2, side, side), int)
    for column, row, polarity, time in zip(x, y, p, t, strict=True):
        since = int(time - t[0])
        step = since // step_us if step_us else since * timesteps // (int(t[-1] - t[0]) + 1)
        column, row = int(column / downsample), int(row / downsample)
        if step < timesteps and column < side and row < side:
            expected[step, polarity, row, column] += 1
    got = bin_events(Events(x, y, p, t), timesteps, side, step_us=step_us, downsample=downsample)
    np.testing.assert_array_equal(got, expected)


def test_large_counts_do_not_wrap():
    many = np.zeros(70_000, np.uint8)
    frames = bin_events(Events(many, many, many, np.arange(70_000)), 1, 4)
    assert frames[0, 0, 0, 0] == 70_000


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=20), st.integers(1, 5))
def test_times_in_any_order_are_cut_into_windows_up_to_the_latest(since, timesteps):
    since = np.array([0, *since])
    where = np.zeros(len(since), int)
    frames = bin_events(Events(where, where, where, 100 + since), timesteps, 1)
    kept = since[since >= 0]
    expected = np.bincount(kept * timesteps // (kept.max() + 1), minlength=timesteps)
    assert frames[:, 0, 0, 0].tolist() == expected.tolist()


def test_an_event_before_the_first_is_left_out():
    zero = np.zeros(3, np.int64)
    assert bin_events(Events(zero, zero, zero, np.array([50, 10, 60])), 2, 4, step_us=30).sum() == 2


def test_a_sample_without_events_is_dark():
    none = np.zeros(0, np.int64)
    assert bin_events(Events(none, none, none, none), 3, 4).shape == (3, 2, 4, 4)
