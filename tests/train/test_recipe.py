import pytest

from snnhw.data.datasets import NAMES
from snnhw.errors import InputError
from snnhw.nn.models import build
from snnhw.train.recipe import load_recipe, recipe_from, recipe_names

LEAST = {"name": "a", "model": "digits_ds_resnet8", "data": "digits"}


@pytest.mark.parametrize("name", recipe_names())
def test_recipes_that_come_with_the_package_are_complete(name):
    recipe = load_recipe(name)
    assert recipe.name == name and recipe.data in NAMES
    build(
        recipe.model, relu=recipe.relu, **{**recipe.arguments, "blocks": (1, 1, 1)} if "resnet" in recipe.model else {}
    )


def test_settings_change_values_and_tables(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text('model = "ds_resnet8"\ndata = "mnist"\n[arguments]\ntimesteps = 3\n')
    recipe = load_recipe(file, ["epochs=3", "lr=1", "schedule=step", "arguments.widths=[2, 3, 4]", "augment.shift=2"])
    assert (recipe.name, recipe.epochs, recipe.lr, recipe.schedule) == ("mine", 3, 1.0, "step")
    assert recipe.arguments == {"timesteps": 3, "widths": [2, 3, 4]} and recipe.augment == {"shift": 2}
    assert recipe_from(recipe.to_dict()) == recipe


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epoch": 3}, "unknown key 'epoch'"),
        ({"epochs": "3"}, "give a whole number"),
        ({"epochs": True}, "give a whole number"),
        ({"batch": 0}, "at least 1"),
        ({"schedule": "linear"}, "choose one of cosine, step, constant"),
        ({"validation": 1.0}, "holds out 1.0"),
        ({"lr": -0.1}, "lr = -0.1; give at least 0"),
        ({"lr": float("nan")}, "lr = nan"),
        ({"weight_decay": float("inf")}, "weight_decay = inf"),
        ({"label_smoothing": 2}, "label_smoothing = 2.0; give 0 to 1"),
        ({"seed": -1}, "seed = -1; give 0 to 4294967295"),
        ({"threads": -1}, "threads = -1"),
        ({"batch": 64, "accumulate": 3}, "cuts a batch of 64 into 3 pieces"),
        ({"augment": {"shift": "far"}}, "augments by shift = 'far'"),
        ({"augment": {"shift": -1}}, "augments by shift = -1"),
        ({"augment": {"mixup": 1}}, "no augmentation 'mixup'"),
        ({"arguments": 3}, "give a table"),
        ({"timesteps_from": {"0": 0}}, "give epochs and numbers of at least 1"),
        ({"pixels_from": {"first": 24}}, "give epochs and numbers of at least 1"),
    ],
)
def test_wrong_values_are_named(change, message):
    with pytest.raises(InputError, match=message):
        recipe_from({**LEAST, **change})


def test_wrong_files_and_settings_are_named(tmp_path):
    with pytest.raises(InputError, match="no recipe 'absent'; give a TOML file or one of"):
        load_recipe("absent")
    (tmp_path / "broken.toml").write_text("model = ")
    with pytest.raises(InputError, match="is not TOML"):
        load_recipe(tmp_path / "broken.toml")
    with pytest.raises(InputError, match="is not key=value"):
        load_recipe("digits", ["epochs"])
    with pytest.raises(InputError, match="no table"):
        load_recipe("digits", ["epochs.more=1"])
    with pytest.raises(InputError, match="no 'data'"):
        recipe_from({"name": "a", "model": "vgg16"})
