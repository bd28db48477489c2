import numpy as np
import pytest
import torch

from snnhw.data.samples import inputs_of
from snnhw.errors import InputError
from snnhw.train.batches import tensors


@pytest.mark.parametrize("dtype", [np.float64, np.uint8, np.uint16, bool])
@pytest.mark.parametrize("index", [slice(None), slice(1, 3), np.array([3, 0, 3])])
def test_tensors_are_float32_values_and_int64_targets(dtype, index):
    values = np.random.default_rng(0).integers(0, 2, (5, 2, 3, 3)).astype(dtype)
    targets = np.array([3, 1, 4, 1, 5], np.uint8)
    x, target = tensors(inputs_of("a.npz", values, targets), index)
    assert (x.dtype, target.dtype) == (torch.float32, torch.int64)
    assert np.array_equal(x.numpy(), values[index]) and target.tolist() == targets[index].tolist()


def test_samples_without_labels_are_refused():
    with pytest.raises(InputError, match=r"a\.npy has no labels"):
        tensors(inputs_of("a.npy", np.zeros((2, 1, 3, 3)), None))
