"""Data of the user's own: files and functions become the same splits, and what cannot is one sentence."""

from __future__ import annotations

import numpy as np
import pytest

from snnhw.data.own import is_own, own_splits
from snnhw.errors import InputError

RNG = np.random.default_rng(2)
X, Y = RNG.random((30, 1, 4, 4)), np.arange(30) % 3
XT, YT = RNG.random((6, 1, 4, 4)), np.arange(6) % 3
FILE = """
import numpy as np
import torch
import snnhw

whole = np.load("whole.npz")
train, test = (whole["input"], whole["target"]), (whole["test_input"], whole["test_target"])

def pairs():
    return train, test

def tensors():
    return [tuple(map(torch.from_numpy, part)) for part in (train, test)]

def samples():
    return snnhw.inputs_of("train", *train), snnhw.inputs_of("test", *test)

def alone():
    return train

def three():
    return train, test, train

def unlabelled():
    return snnhw.inputs_of("train", train[0], None)

def text():
    return "x"
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez("train.npz", input=X, target=Y)
    np.savez("test.npz", input=XT, target=YT)
    np.savez("whole.npz", input=X, target=Y, test_input=XT, test_target=YT)
    (tmp_path / "mine.py").write_text(FILE)
    return tmp_path


def test_what_is_a_data_set_and_what_is_ones_own():
    assert all(map(is_own, ("a.npz", "x/a.npz", "data.py:load", "package.module:load")))
    assert not any(map(is_own, ("digits", "mnist", "cifar10")))


def test_files_and_functions_give_the_same_splits(place):
    forms = (("train.npz", "test.npz"), ("whole.npz",), ("mine.py:pairs",), ("mine:tensors",), ("mine.py:samples",))
    made = [own_splits(*form) for form in forms]
    for train, test in made:
        assert train.values.dtype == np.float32 and train.targets.dtype == np.int64
        np.testing.assert_array_equal(train.values, X.astype(np.float32))
        np.testing.assert_array_equal(test.values, XT.astype(np.float32))
        assert (list(train.targets), list(test.targets)) == (list(Y), list(YT)) and train.classes == test.classes == 3
    assert len({train.checksum for train, _ in made}) == 1
    assert made[0][0].name == "train.npz:train" and made[2][1].name == "mine.py:pairs:test"


def test_without_a_test_split_a_fifth_of_each_class_is_held_out(place):
    (train, test), again = own_splits("train.npz"), own_splits("mine.py:alone")
    assert (len(train), len(test)) == (24, 6) and list(np.bincount(test.targets)) == [2, 2, 2]
    np.testing.assert_array_equal(np.sort(np.concatenate([train.values, test.values]), 0), np.sort(np.float32(X), 0))
    assert again[1].checksum == test.checksum


def test_events_with_time_steps_keep_them(place):
    events = RNG.integers(0, 3, (10, 5, 2, 4, 4))
    np.savez("events.npz", input=events, target=np.arange(10) % 2)
    train, _ = own_splits("events.npz")
    assert train.values.shape[1:] == (5, 2, 4, 4) and train.kind.levels(steps=True) == 2


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"input": X}, "target"),
        ({"input": X[:, 0], "target": Y}, r"give numbers \[N, C, H, W\]"),
        ({"input": X, "target": Y[:3]}, "30 inputs and targets"),
        ({"input": np.where(X > 0.99, np.nan, X) * np.nan, "target": Y}, "Sample 0 of a.npz holds NaN"),
        ({"input": X, "target": Y - 1}, "a.npz"),
        ({"input": X, "target": Y, "test_input": XT}, "has test_input alone"),
        ({"input": X, "target": Y, "test_input": XT[:, :, :3], "test_target": YT}, "give one shape"),
        ({"input": X[:2], "target": Y[:2]}, "one sample of each class"),
    ],
)
def test_files_that_hold_something_else_are_refused(place, arrays, said):
    np.savez("a.npz", **arrays)
    with pytest.raises(InputError, match=said):
        own_splits("a.npz")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (("mine.py:three",), "of 3; give a pair"),
        (("mine.py:unlabelled",), "without labels"),
        (("mine.py:text",), "is of type str; name a pair"),
        (("mine.py:nothing",), "has no nothing"),
        (("nowhere.npz",), "There is no file"),
        (("whole.npz", "test.npz"), "a test split of its own"),
        (("train.npz", "test.npy"), "test.npy is no .npz file"),
    ],
)
def test_sources_that_give_something_else_are_refused(place, source, said):
    with pytest.raises(InputError, match=said):
        own_splits(*source)
