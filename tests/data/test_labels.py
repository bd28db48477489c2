"""Labels of any type that holds whole numbers are the same labels; all else is refused by what is wrong with it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnhw.data.labels import class_numbers
from snnhw.errors import InputError

TYPES = ["float16", "float32", "float64", "int8", "uint8", "int32", "uint64", "int64"]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=20), st.sampled_from(TYPES))
def test_every_type_gives_the_same_numbers(labels, dtype):
    found = class_numbers(np.array(labels, dtype), "a", 10)
    assert found.dtype == np.int64 and found.tolist() == labels


def test_booleans_are_two_classes():
    assert class_numbers(np.array([True, False]), "a", 2).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        ([0.0, 0.5], r"Label 1 of a is 0\.5; number the classes from 0, in whole numbers"),
        ([0.0, np.nan], "Label 1 of a is nan"),
        ([np.inf, 0.0], "Label 0 of a is inf"),
        ([0, -1], "Label 1 of a is -1"),
        ([0, 3], r"labels of a reach 3 and the network has the outputs 0\.\.2"),
        ([3.0, 0.0], r"labels of a reach 3 and the network has the outputs 0\.\.2"),
        (np.array([2**63], np.uint64), "Label 0 of a is 9223372036854775808"),
        ([1e300], r"Label 0 of a is 1e\+300"),
        (np.eye(3), r"labels of a are one-hot, \[3, 3\]; save their numbers, target\.argmax\(axis=1\)"),
        (np.eye(3, dtype=bool), "one-hot"),
        (np.array([[0.2, 0.8], [0.5, 0.5]]), r"have the shape \[2, 2\]; give one whole number for each sample"),
        (np.array([[0], [1]]), r"have the shape \[2, 1\]"),
        (np.array(1), r"have the shape \[\]"),
        (np.array(["cat", "dog"]), "labels of a are <U3"),
    ],
)
def test_what_is_no_label_is_refused(targets, said):
    with pytest.raises(InputError, match=said):
        class_numbers(np.asarray(targets), "a", 3)
