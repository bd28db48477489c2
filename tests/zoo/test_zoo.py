import pytest
import safetensors.torch
import torch

from snnhw.data.datasets import load
from snnhw.errors import InputError
from snnhw.train.card import WEIGHTS
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
        assert trained == shipped
        assert card.command == f"snnhw train {shipped.name}" or (
            not card.command and "so there is no command" in card.note
        )


def test_zoo_is_small():
    sizes = [path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()]
    assert max(sizes) < 10_000_000 and sum(sizes) < 20_000_000


@pytest.mark.parametrize("name", zoo_names())
def test_a_card_says_the_number_format_in_which_its_weights_are_kept(name):
    state = safetensors.torch.load((zoo_path(name) / WEIGHTS).read_bytes())
    kept = {str(v.dtype).removeprefix("torch.") for v in state.values() if v.is_floating_point()}
    network, card = load_run(zoo_path(name))
    assert kept == ({"float32"} if "kept as" not in card.note else {card.note.partition("kept as ")[2].split()[0]})
    loaded = network.state_dict()
    assert all(v.dtype == torch.float32 for v in loaded.values() if v.is_floating_point())
    assert all(torch.equal(loaded[key], value.to(loaded[key].dtype)) for key, value in state.items())


def test_a_network_and_its_twin_have_the_same_layers():
    (spiking, _), (twin, card) = load_run(zoo_path("cifar10_full")), load_run(zoo_path("cifar10_full_relu"))
    weights = [[v.shape for k, v in net.state_dict().items() if v.dim() > 1] for net in (spiking, twin)]
    assert weights[0] == weights[1] and card.relu


def test_unknown_network_is_named():
    with pytest.raises(InputError, match=r"no zoo network 'imagenet'; give one of .*digits"):
        zoo_path("imagenet")
