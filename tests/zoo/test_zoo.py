import pytest

from snnhw.data.datasets import load
from snnhw.errors import InputError
from snnhw.train.evaluate import evaluate
from snnhw.train.recipe import load_recipe, recipe_from
from snnhw.train.run import load_run
from snnhw.zoo import FOLDER, zoo_cards, zoo_names, zoo_path


def test_digits_network_scores_what_its_card_says():
    network, card = load_run(zoo_path("digits"))
    test = load("digits", "test")
    assert evaluate(network, test).accuracy == pytest.approx(card.accuracy, abs=1.5 / len(test))
    assert card.accuracy >= 0.98
    assert card.test_checksum == test.checksum and card.data_checksum == load("digits", "train").checksum
    assert 30_000 <= card.parameters <= 60_000 and card.timesteps == 4


def test_cards_name_recipes_that_exist():
    assert "digits" in zoo_names()
    for card in zoo_cards():
        trained, shipped = recipe_from(card.recipe), load_recipe(card.recipe["name"])
        assert trained == shipped and card.command == f"snnhw train {shipped.name}"


def test_zoo_is_small():
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < 12_000_000


def test_unknown_network_is_named():
    with pytest.raises(InputError, match=r"no zoo network 'imagenet'; give one of .*digits"):
        zoo_path("imagenet")
