"""Samples by name: data sets as `load` gives them, files as they were saved."""

import numpy as np
import pytest

from snnhw.data.datasets import load
from snnhw.data.inputs import load_inputs
from snnhw.errors import InputError


def test_a_data_set_is_the_one_that_load_gives():
    for name, split in (("digits:train", "train"), ("digits:test", "test"), ("digits", "test")):
        inputs, data = load_inputs(name), load("digits", split)
        assert (inputs.name, inputs.checksum, inputs.classes) == (f"digits:{split}", data.checksum, 10)
        assert np.array_equal(inputs.values, data.values) and np.array_equal(inputs.targets, data.targets)


@pytest.mark.parametrize("dtype", [np.float64, np.uint8, bool])
def test_files_give_the_arrays_that_were_saved(tmp_path, dtype):
    values = (np.random.default_rng(0).random((3, 1, 2, 2)) * 9).astype(dtype)
    np.save(tmp_path / "a.npy", values)
    np.savez(tmp_path / "b.npz", input=values, target=np.array([2, 0, 1]))
    plain, labelled = load_inputs(str(tmp_path / "a.npy")), load_inputs(str(tmp_path / "b.npz"))
    for samples in (plain, labelled):
        assert samples.values.dtype == dtype and np.array_equal(samples.values, values) and samples.classes is None
    assert (plain.name, plain.targets) == ("a.npy", None)
    assert labelled.name == "b.npz" and labelled.targets.tolist() == [2, 0, 1]


def test_unusable_files_are_one_sentence(tmp_path):
    np.savez(tmp_path / "key.npz", pictures=np.zeros((1, 2)))
    np.savez(tmp_path / "few.npz", input=np.zeros((3, 2)), target=np.zeros(2, int))
    np.save(tmp_path / "empty.npy", np.zeros((0, 2)))
    np.save(tmp_path / "text.npy", np.array([["a"]]))
    (tmp_path / "broken.npz").write_bytes(b"PK\x03\x04 broken")
    for name, message in {
        "absent.npy": "There is no file",
        "key.npz": "has no array 'input'",
        "few.npz": r"has 3 inputs and targets of shape \[2\]",
        "empty.npy": r"holds float64 \[0, 2\]; give numbers",
        "text.npy": r"text.npy holds <U1 \[1, 1\]; give numbers of up to 64 bits",
        "broken.npz": "is no NumPy file of plain arrays",
    }.items():
        with pytest.raises(InputError, match=message):
            load_inputs(str(tmp_path / name))
    with pytest.raises(InputError, match="did you mean"):
        load_inputs("digit:test")
