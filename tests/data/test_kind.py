"""What values are, concluded from all of them or stated."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from snnhw.data.datasets import dataset
from snnhw.data.inputs import load_inputs
from snnhw.data.kind import BLOCK, InputKind, kind_of
from snnhw.data.samples import inputs_of
from snnhw.errors import InputError

ANY = st.sampled_from([0.0, 1.0, 2.0, 7.0, 0.5, -1.0, np.nan, np.inf])


@given(arrays(np.float64, array_shapes(min_dims=2, max_dims=4, max_side=3), elements=ANY))
def test_whole_numbers_from_0_of_which_one_is_not_0_may_be_events(values):
    counts = all(float(v).is_integer() and v >= 0 for v in values.ravel().tolist())
    assert kind_of(values).largest == (int(values.max()) if counts else None)
    assert kind_of(values).levels(steps=True) == ((int(values.max()) or None) if counts else None)
    assert kind_of(values).stated is None


def test_events_need_steps_unless_they_are_stated():
    concluded, analogue = InputKind(None, 3), InputKind("analogue", 3)
    assert concluded.levels(steps=True) == 3 and concluded.levels(steps=False) is None
    assert analogue.levels(steps=True) is None
    assert InputKind("events", 3).levels(steps=False) == 3
    assert InputKind("events", None).levels(steps=True) == 1  # a recording without an event


def test_a_part_keeps_the_kind_of_the_whole():
    values = np.zeros((4, 2, 1, 2, 2), np.uint8)
    values[3] = 5
    assert inputs_of("a", values, None).first(1).kind.levels(steps=True) == 5
    values = values.astype(float)
    values[3, 1, 0, 1, 1] = 0.25
    assert inputs_of("a", values, None).first(1).kind.levels(steps=True) is None


def test_one_sample_of_another_kind_than_stated_is_named(tmp_path):
    values = np.ones((5, 3, 2))
    values[3, 2, 1] = -1
    np.save(tmp_path / "a.npy", values)
    with pytest.raises(InputError, match=r"Sample 3 of a\.npy holds values that are no whole numbers from 0"):
        load_inputs(str(tmp_path / "a.npy"), kind="events")
    with pytest.raises(InputError, match="There is no kind of input 'event'; did you mean 'events'"):
        load_inputs(str(tmp_path / "a.npy"), kind="event")
    assert load_inputs(str(tmp_path / "a.npy"), kind="analogue").kind == InputKind("analogue", None, by_user=True)
    long = np.ones((5, BLOCK // 3), np.float32)  # several blocks
    long[4, -1] = 0.5
    with pytest.raises(InputError, match="Sample 4 of the data"):
        kind_of(long, "events")


def test_data_sets_state_what_they_hold(tmp_path):
    frames = np.zeros((2, 3, 2, 4, 4))
    frames[1, 2, 0, 1, 1] = 4
    assert dataset("a:test", frames, np.zeros(2), 2, events=True).first(1).kind == InputKind("events", 4)
    assert dataset("a:test", frames, np.zeros(2), 2).kind.levels(steps=True) is None
    assert load_inputs("digits:test").kind.stated == "analogue"
    assert load_inputs("digits:test").of_kind(None).kind.stated == "analogue"
