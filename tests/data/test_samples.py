"""One type of samples: parts, labels, and checksums that published cards and reports carry."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from snnhw.data.datasets import dataset, load
from snnhw.data.samples import inputs_of
from snnhw.errors import InputError


@given(
    arrays(np.float64, array_shapes(min_dims=2, max_dims=4, max_side=4), elements=st.floats(-9, 9)), st.integers(1, 6)
)
def test_a_part_is_what_its_own_arrays_would_give(values, n):
    targets = np.arange(len(values))
    whole = inputs_of("a.npz", values, targets)
    assert len(whole) == len(values)
    assert whole.checksum == hashlib.sha256(values.tobytes() + targets.tobytes()).hexdigest()
    first, taken = whole.first(n), whole.take(slice(n))
    assert first.checksum == taken.checksum == inputs_of("a.npz", values[:n], targets[:n]).checksum
    assert np.array_equal(first.values, values[:n]) and np.array_equal(first.targets, targets[:n])
    back = whole.take(targets[::-1])
    assert np.array_equal(back.values, values[::-1]) and back.targets.tolist() == targets[::-1].tolist()


def test_checksums_of_whole_data_sets_and_of_their_first_samples():
    """Those of a set cover its shape and its classes, those of a part only its bytes; all of them are published."""
    test = load("digits", "test")
    wanted = hashlib.sha256(repr((test.values.shape, 10)).encode() + test.values.tobytes() + test.targets.tobytes())
    assert test.checksum == wanted.hexdigest() and test.first(None) is test and test.first(10**6) is test
    part = test.first(20)
    bytes_of_part = test.values[:20].tobytes() + test.targets[:20].tobytes()
    assert part.checksum == hashlib.sha256(bytes_of_part).hexdigest()
    assert (part.name, part.classes, len(part)) == ("digits:test", 10, 20)


def test_strided_values_have_the_checksum_of_their_copy():
    values = np.arange(24.0).reshape(4, 6)
    assert inputs_of("a", values[:, ::2], None).checksum == inputs_of("a", values[:, ::2].copy(), None).checksum


def test_samples_of_another_dtype_stay_as_they_are_in_files_and_become_float32_in_data_sets():
    values, targets = np.ones((2, 3), np.uint8), np.array([1, 0], np.uint8)
    samples, data = inputs_of("a.npz", values, targets), dataset("a:train", values, targets, 2)
    assert samples.values.dtype == np.uint8 and samples.labels().dtype == np.int64
    assert data.values.dtype == np.float32 and data.targets.dtype == np.int64


def test_labels_are_classes_from_0():
    values = np.zeros((2, 3))
    assert inputs_of("a", values, np.array([0, 4])).labels(5).tolist() == [0, 4]
    assert inputs_of("a", values, np.array([0.0, 4.0])).targets.dtype == np.int64
    with pytest.raises(InputError, match=r"labels of a reach 5 and the network has the outputs 0\.\.4"):
        inputs_of("a", values, np.array([0, 5])).labels(5)
    with pytest.raises(InputError, match=r"Label 0 of a is -1; number the classes from 0"):
        inputs_of("a", values, np.array([-1, 0]))
    with pytest.raises(InputError, match="a has no labels; save them under the key 'target'"):
        inputs_of("a", values, None).labels()


def test_what_is_not_known_is_named():
    samples = inputs_of("a.npy", np.zeros((2, 3)), None)
    with pytest.raises(InputError, match=r"a\.npy does not say how many classes it has"):
        samples.class_count()
    with pytest.raises(InputError, match="0 samples were asked for; give at least 1"):
        samples.first(0)
    assert load("digits", "test").class_count() == 10
