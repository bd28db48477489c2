import pytest

from snnhw.data.datasets import NAMES
from snnhw.errors import InputError
from snnhw.nn.models import build
from snnhw.train.recipe import load_recipe, recipe_from, recipe_names, set_value

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
        ({"batch": 0}, "1 to 1048576"),
        ({"schedule": "linear"}, "choose one of cosine, step, constant"),
        ({"validation": 1.0}, "holds out 1.0"),
        ({"lr": -0.1}, "lr = -0.1; give at least 0"),
        ({"lr": float("nan")}, "lr = nan"),
        ({"weight_decay": float("inf")}, "weight_decay = inf"),
        ({"label_smoothing": 2}, "label_smoothing = 2.0; give 0 to 1"),
        ({"ema": 1}, "ema = 1.0; give 0 to 0.999999"),
        ({"channels_last": 1}, "channels_last = 1; give true or false"),
        ({"seed": -1}, "seed = -1; give 0 to 4294967295"),
        ({"threads": -1}, "threads = -1"),
        ({"energy_weight": -1}, "energy_weight = -1.0; give at least 0"),
        ({"energy_target_nj": 5}, "energy_target_nj and no energy_weight"),
        ({"arguments": {"thresholds": [-1.0, 0.6]}}, "fires at rest"),
        ({"arguments": {"thresholds_of": {"stem.mlf": [-1.0]}}}, "fires at rest"),
        ({"energy_profile": "loihi2"}, "energy_profile and no energy_weight"),
        ({"energy_deployment": "graded"}, "energy_deployment and no energy_weight"),
        ({"energy_weight": 1, "relu": True}, "trains a ReLU twin"),
        ({"batch": 64, "accumulate": 3}, "cuts a batch of 64 into 3 pieces"),
        ({"augment": {"shift": "far"}}, "augments by shift = 'far'"),
        ({"augment": {"shift": -1}}, "augments by shift = -1"),
        ({"augment": {"mixup": 1}}, "no augmentation 'mixup'"),
        ({"arguments": 3}, "give a table"),
        ({"timesteps_from": {"0": 0}}, "give epochs and numbers of 1 to 10000"),
        ({"pixels_from": {"first": 24}}, "give epochs and numbers of 1 to 4096"),
    ],
)
def test_wrong_values_are_named(change, message):
    with pytest.raises(InputError, match=message):
        recipe_from({**LEAST, **change})


def test_wrong_files_and_settings_are_named(tmp_path):
    with pytest.raises(InputError, match="no recipe 'absent'; give a TOML file or one of"):
        load_recipe("absent")
    (tmp_path / "broken.toml").write_text("model = ")
    with pytest.raises(InputError, match="Cannot read the recipe"):
        load_recipe(tmp_path / "broken.toml")
    with pytest.raises(InputError, match="is not key=value"):
        load_recipe("digits", ["epochs"])
    with pytest.raises(InputError, match="no table"):
        load_recipe("digits", ["epochs.more=1"])
    with pytest.raises(InputError, match="no 'data'"):
        recipe_from({"name": "a", "model": "vgg16"})


BOUNDS = [
    ({"epochs": 10**12}, "epochs = 1000000000000; give 1 to 100000"),
    ({"epochs": 1e12}, "epochs = 1000000000000.0; give a whole number"),
    ({"threads": 10**5}, "threads = 100000; give 0 to 1024"),
    ({"batch": 10**9}, "batch = 1000000000; give 1 to 1048576"),
    ({"lr": float("inf")}, "lr = inf; give at least 0"),
    ({"augment": {"shift": 1e9}}, "augments by shift = 1000000000.0; give a number of 0 to 4096"),
    ({"augment": {"cutout": float("nan")}}, "augments by cutout = nan"),
    ({"timesteps_from": {"0": 10**6}}, "timesteps_from = .*; give epochs and numbers of 1 to 10000"),
    ({"timesteps_from": {"1" + "0" * 30: 1}}, "timesteps_from = .*; give epochs and numbers of 1 to 10000"),
    ({"timesteps_from": {"9" * 5000: 1}}, "timesteps_from = .*; give epochs"),
    ({"pixels_from": {"0": 10**9}}, "pixels_from = .*; give epochs and numbers of 1 to 4096"),
    ({"pixels_from": {"0": True}}, "pixels_from = .*; give epochs"),
]


@pytest.mark.parametrize(("change", "message"), BOUNDS, ids=[str(c)[:40] for c, _ in BOUNDS])
def test_values_that_no_machine_can_train_are_refused_at_once(change, message):
    with pytest.raises(InputError, match=message) as refused:
        recipe_from({**LEAST, **change})
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize(
    "setting",
    ["epochs=1000000000000", "lr=1e400", "epochs=" + "9" * 5000, "arguments=" + "[" * 10**4, "a.b" * 9 + "=1"],
)
def test_settings_pass_the_same_gate(setting):
    with pytest.raises(InputError) as refused:
        load_recipe("digits", [setting])
    assert len(str(refused.value)) < 700


def test_a_setting_cannot_bring_other_keys():
    values: dict[str, object] = {}
    set_value(values, "note=1\nepochs = 2")
    assert values == {"note": "1\nepochs = 2"}
