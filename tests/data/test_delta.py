"""Frames as events: what the events tell is never a step away from the frames, and what rests sends nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from snnhw.data.delta import delta_coded
from snnhw.errors import InputError

FRAMES = arrays(np.float64, (2, 4, 2, 3, 3), elements=st.floats(-8, 8))
STEPS = st.floats(0.05, 3)


@settings(deadline=None)
@given(FRAMES, STEPS, st.sampled_from([np.float64, np.float32]))
def test_what_is_told_is_less_than_a_step_away(frames, step, kind):
    frames = frames.astype(kind)
    counts = delta_coded(frames, step)
    assert counts.shape == (2, 4, 4, 3, 3) and (counts >= 0).all() and (counts == np.rint(counts)).all()
    assert not (counts[:, :, :2] * counts[:, :, 2:]).any()  # up or down, never both
    told = step * (counts[:, :, :2].astype(float) - counts[:, :, 2:]).cumsum(1)
    assert (np.abs(told - frames) < step + 1e-5 * np.maximum(step, np.abs(frames))).all()


@settings(deadline=None)
@given(FRAMES, STEPS)
def test_an_event_is_sent_by_every_pixel_of_a_loop(frames, step):
    counts = delta_coded(frames, step)
    for pixel in np.ndindex(2, 2, 3, 3):
        sample, place = pixel[0], pixel[1:]
        told = 0
        for time, frame in enumerate(frames[sample]):
            way = frame[place] / step - told
            moved = round(way) if abs(way - round(way)) <= 1e-6 * max(1, abs(frame[place] / step)) else int(way)
            told += moved
            channel = place[0] if moved > 0 else 2 + place[0]
            assert counts[(sample, time, channel, *place[1:])] == abs(moved)


@pytest.mark.parametrize("kind", [np.float64, np.float32])
@pytest.mark.parametrize("step", [0.1, 0.3, 1 / 255, 0.7])
def test_whole_steps_are_told_whole_however_they_are_rounded(kind, step):
    """0.3 / 0.1 is 2.9999999999999996."""
    steps = np.arange(256)
    values = (steps * step).astype(kind).reshape(256, 1, 1, 1)
    assert delta_coded(values, step, timesteps=1)[:, 0, 0, 0, 0].tolist() == steps.tolist()
    frames = values.reshape(1, 256, 1, 1, 1)  # a step more in each frame
    assert delta_coded(frames, step)[0, 1:, 0].ravel().tolist() == [1] * 255


@given(STEPS)
def test_an_image_that_rests_is_told_once(step):
    image = np.linspace(-1, 1, 32, dtype=np.float32).reshape(2, 1, 4, 4)
    counts = delta_coded(image, step, timesteps=3)
    assert not counts[:, 1:].any()
    np.testing.assert_array_equal(counts[:, :1], delta_coded(image[:, None], step))


@pytest.mark.parametrize(
    "frames, step, timesteps, says",
    [
        (np.zeros((1, 1, 2, 2)), 0.0, 1, "step above 0"),
        (np.zeros((1, 1, 2, 2)), float("nan"), 1, "step above 0"),
        (np.zeros((1, 1, 2, 2)), "0.1", 1, "step above 0"),
        (np.zeros((2, 2)), 1.0, 1, r"axes \[2, 2\]"),
        (np.zeros((1, 0, 1, 2, 2)), 1.0, None, r"axes \[1, 0, 1, 2, 2\]"),
        (np.zeros((1, 1, 2, 2), complex), 1.0, 1, "type complex128"),
        (np.array([["a"]]), 1.0, 1, "type <U1"),
        (np.full((1, 1, 2, 2), 1e39), 0.5, 1, "8,388,608 steps of 0.5 from 0 or more; give a larger step"),
        (np.ones((1, 1, 2, 2)), 1e-320, 1, "give a larger step"),
        (np.zeros((1, 1, 2, 2)), 1.0, 2.5, "need the number of time steps"),
        (np.zeros((1, 1, 2, 2)), 1.0, 10**12, "A coding of frames as events takes"),
        (np.full((1, 1, 2, 2), np.inf), 1.0, 1, "give finite"),
        (np.zeros((1, 1, 2, 2)), 1.0, None, "need the number of time steps"),
        (np.zeros((1, 1, 2, 2)), 1.0, 0, "need the number of time steps"),
        (np.zeros((1, 3, 1, 2, 2)), 1.0, 3, "frames have theirs"),
    ],
)
def test_what_cannot_be_coded_is_refused(frames, step, timesteps, says):
    with pytest.raises(InputError, match=says):
        delta_coded(frames, step, timesteps)
