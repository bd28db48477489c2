"""Labels that are the number of no class are named with their place."""

import numpy as np
import pytest

from snnhw.errors import InputError
from snnhw.gates.labels import check_labels


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ([0.0, np.nan], "Label 1 of a.npz is nan; number the classes from 0"),
        ([np.inf, 0.0], "Label 0 of a.npz is inf"),
        ([3, -1], "Label 1 of a.npz is -1"),
        ([-0.5], "Label 0 of a.npz is -0.5"),
        (np.array([2**63], np.uint64), "Label 0 of a.npz is 9223372036854775808"),
        ([1e300], "Label 0 of a.npz is 1e"),
    ],
)
def test_no_number_of_a_class(labels, says):
    with pytest.raises(InputError, match=says):
        check_labels(np.asarray(labels), "a.npz")


@pytest.mark.parametrize("labels", [[0, 9], np.array([2**63 - 1], np.uint64), [True, False], [0.0, 3.0], []])
def test_numbers_of_classes(labels):
    check_labels(np.asarray(labels), "a.npz")
