"""The gate of a SPEC: one sentence for everything that is wrong in it."""

from __future__ import annotations

import json

import pytest

from snnhw.errors import InputError
from snnhw.sweeps.spec import read_spec, with_trials
from tests.sweeps.made import spec_in

GOOD = 'recipe = "digits"\n{top}\n[set]\nepochs = 1\n{set}\n[space]\n"arguments.timesteps" = [1, 2]\n{space}\n'


def write(tmp_path, top="", fixed="", space=""):
    path = tmp_path / "s.toml"
    path.write_text(GOOD.format(top=top, set=fixed, space=space))
    return path


def test_each_number_is_another_point_of_the_space(tmp_path):
    spec = spec_in(tmp_path)
    assert spec.size == 12 and spec.budget == 12 and with_trials(spec, 5).budget == 5
    points = [spec.point(i) for i in range(12)]
    assert len({json.dumps(point) for point in points}) == 12
    assert {point["arguments.timesteps"] for point in points} == {1, 2, 3}


def test_a_point_is_a_recipe(tmp_path):
    spec = spec_in(tmp_path)
    recipe = spec.recipe_at(spec.point(11))
    assert recipe.arguments == {"timesteps": 3, "thresholds": [0.6, 1.6]}
    assert recipe.energy_weight == 1.0 and recipe.epochs == 1


def test_corners_have_every_value_once(tmp_path):
    spec = spec_in(tmp_path)
    assert len(list(spec.corners())) == 1 + 1 + 1 + 1


def test_more_trials_are_the_same_sweep(tmp_path):
    spec = spec_in(tmp_path)
    assert with_trials(spec, 3).identity() == spec.identity() == json.loads(json.dumps(spec.identity()))
    assert with_trials(spec, None) is spec


def test_a_recipe_lies_beside_its_spec(tmp_path):
    (tmp_path / "mine.toml").write_text('model = "digits_ds_resnet8"\ndata = "digits"\n')
    path = tmp_path / "s.toml"
    path.write_text('recipe = "mine.toml"\n[space]\nepochs = [1, 2]\n')
    assert read_spec(path).recipe == str(tmp_path / "mine.toml")


def test_the_chip_is_that_of_the_profile(tmp_path):
    assert spec_in(tmp_path).chip_asked == "loihi1"
    assert read_spec(write(tmp_path, 'profile = "horowitz45-int8"')).chip_asked == ""
    assert read_spec(write(tmp_path, space='deployment = ["channels", "shared"]')).size == 4


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"top": "trails = 3"}, "unknown key 'trails'"),
        ({"top": "trials = 1000000000"}, "give a whole number of 1 to 100,000"),
        ({"top": "trials = 0"}, "1 to 100,000"),
        ({"top": "trials = true"}, "1 to 100,000"),
        ({"top": 'sampler = "cmaes"'}, "no sampler 'cmaes'"),
        ({"top": 'sampler = "grid"', "space": "lr = { low = 0.1, high = 1.0 }"}, "no grid ends"),
        ({"top": 'objectives = ["speed"]'}, "no objective 'speed'"),
        ({"top": "objectives = []"}, "give a list of"),
        ({"top": 'objectives = ["energy", "energy"]'}, "give a list of"),
        ({"top": 'profile = "loihi9"'}, "no profile 'loihi9'"),
        ({"top": "profile = 3"}, "give a text"),
        ({"top": 'chip = "loihi3"'}, "chip"),
        ({"top": 'deployment = "chanels"'}, "no deployment 'chanels'"),
        ({"top": 'deployment = "slots"'}, "cannot be placed on loihi1"),
        ({"top": 'profile = "horowitz45-int8"\nobjectives = ["accuracy", "latency"]'}, "leave latency out"),
        ({"fixed": "batch = 0"}, "batch = 0"),
        ({"fixed": "validation = 0.0"}, "holds no sample out"),
        ({"fixed": "no_such = 1"}, "no_such"),
        ({"fixed": "batch = -1"}, "s.toml: The recipe digits with"),
        ({"fixed": "batch = 8", "space": "batch = [8, 16]"}, "batch in [set] and in [space]"),
        ({"fixed": "arguments.timesteps = 2", "space": "arguments.timesteps = [1, 2]"}, "leave it in one of them"),
        ({"space": "seed = [1, 2]"}, "cannot be compared"),
        ({"space": "leves = [1, 2]"}, "no key of a recipe 'leves'"),
        ({"space": "batch = [16, 0]"}, "batch = 0"),
        ({"space": 'lr = ["a"]'}, "lr = 'a'"),
        ({"space": "epochs = { low = 5, high = 1 }"}, "low first"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(tmp_path, parts, said):
    with pytest.raises(InputError) as caught:
        read_spec(write(tmp_path, parts.get("top", ""), parts.get("fixed", ""), parts.get("space", "")))
    assert said in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[space]\nlr = [1.0]", "has no recipe"),
        ('recipe = "digits"', "has no space"),
        ('recipe = "digits"\nspace = 3', "give a table"),
        ('recipe = "digits"\n[space]', "empty space"),
        ('recipe = "digitz"\n[space]\nlr = [1.0]', "did you mean 'digits'"),
        ("recipe = [", "mend the file"),
        ('recipe = "digits"\n[space]\nlr = [1979-05-27]', "no recipe can have"),
        ('recipe = "digits"\n[set]\nlr = 1979-05-27\n[space]\nlr = [1.0]', "no recipe can have"),
    ],
)
def test_what_is_no_spec_is_refused(tmp_path, text, said):
    path = tmp_path / "s.toml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_spec(path)
    assert said in str(caught.value)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="no file"):
        read_spec(tmp_path / "none.toml")
