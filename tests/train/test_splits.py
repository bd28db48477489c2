"""The three parts of the data of a recipe, and whether model and data fit."""

import numpy as np
import pytest

from snnhw.data.datasets import load
from snnhw.errors import InputError
from snnhw.nn.models import build
from snnhw.train.fit import fit
from snnhw.train.recipe import recipe_from
from snnhw.train.splits import check_input, load_splits, model_arguments
from snnhw.workflows.evaluate import evaluation_data
from snnhw.workflows.load import load_model
from tests.train.small import SMALL


def test_validation_is_held_out_of_training():
    splits = load_splits(recipe_from(SMALL))
    train, held, whole = splits.train, splits.validation, load("digits", "train")
    assert len(train) + len(held) == len(whole) and splits.checksum == whole.checksum
    pictures = {x.tobytes() for x in train.values}
    assert not any(x.tobytes() in pictures for x in held.values)
    np.testing.assert_array_equal(splits.test.values, load("digits", "test").values)


def test_channels_and_classes_come_from_the_data_unless_the_recipe_says():
    data = load("digits", "train")
    assert model_arguments(recipe_from(SMALL), data) == {"in_channels": 1, "classes": 10, **SMALL["arguments"]}
    more = recipe_from({**SMALL, "arguments": {"classes": 12}})
    assert model_arguments(more, data) == {"in_channels": 1, "classes": 12}
    with pytest.raises(InputError, match="3 classes and digits:train 10; remove the key"):
        model_arguments(recipe_from({**SMALL, "arguments": {"classes": 3}}), data)


def test_a_share_of_nothing_holds_nothing_out():
    splits = load_splits(recipe_from({**SMALL, "validation": 0.0}))
    assert splits.validation is None and splits.train.checksum == splits.checksum == load("digits", "train").checksum


def test_a_network_of_another_shape_is_refused_by_name():
    data, network = load("digits", "train"), build("digits_ds_resnet8", in_channels=2, widths=(2, 2, 2))
    with pytest.raises(InputError, match=r"cannot take inputs \[1, 8, 8\] of digits:train"):
        check_input(recipe_from(SMALL), network, data)


def test_own_data_are_trained_on_and_a_run_says_where_its_test_split_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    train, test = load("digits", "train").first(200), load("digits", "test").first(60)
    np.savez("mine.npz", input=train.values, target=train.targets)
    np.savez("test.npz", input=test.values, target=test.targets)
    recipe = recipe_from({**SMALL, "epochs": 1, "data": "mine.npz", "test": "test.npz"})
    made = fit(recipe, tmp_path / "run")
    assert made.card.data == "mine.npz" and made.card.classes == 10
    assert evaluation_data(load_model(tmp_path / "run")) == "test.npz"
    alone = load_splits(recipe_from({**SMALL, "data": "mine.npz"}))
    assert len(alone.train) + len(alone.validation) + len(alone.test) == 200
    (tmp_path / "test.npz").unlink()
    with pytest.raises(InputError, match=r"was trained on mine\.npz; name samples with --input"):
        evaluation_data(load_model(tmp_path / "run"))


def test_options_that_would_change_nothing_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez("mine.npz", input=np.zeros((4, 1, 8, 8)), target=[0, 1, 0, 1])
    with pytest.raises(InputError, match="--data would change nothing"):
        load_splits(recipe_from({**SMALL, "data": "mine.npz"}), tmp_path)
    with pytest.raises(InputError, match="leave the key test out"):
        load_splits(recipe_from({**SMALL, "test": "mine.npz"}))


def test_a_share_is_taken_of_what_validation_leaves_and_the_test_split_cut():
    whole = load_splits(recipe_from({**SMALL, "validation": 0.2}))
    part = load_splits(recipe_from({**SMALL, "validation": 0.2, "fraction": 0.1, "test_samples": 50}))
    np.testing.assert_array_equal(part.validation.values, whole.validation.values)
    of_whole, of_part = (np.bincount(splits.train.targets, minlength=10) for splits in (whole, part))
    assert (of_part == np.maximum(1, np.round(0.1 * of_whole))).all()
    assert {x.tobytes() for x in part.train.values} <= {x.tobytes() for x in whole.train.values}
    np.testing.assert_array_equal(part.test.values, whole.test.values[:50])
    assert part.checksum == whole.checksum and part.test.checksum != whole.test.checksum
