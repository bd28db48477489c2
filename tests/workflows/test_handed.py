"""The networks that a recipe names are those of the zoo or of run folders, ReLU ones too."""

import pytest
import torch

from snnhw.errors import InputError
from snnhw.train.recipe import recipe_from
from snnhw.train.run import load_run
from snnhw.workflows.handed import handed_to
from snnhw.zoo import zoo_path
from tests.train.small import SMALL


def test_networks_come_from_the_zoo_and_from_folders():
    handed = handed_to(recipe_from({**SMALL, "start": "digits", "teacher": str(zoo_path("digits"))}))
    network, card = load_run(zoo_path("digits"))
    for known in (handed.start, handed.teacher):
        assert known.checksum == card.weights_checksum
        for name, value in network.state_dict().items():
            assert torch.equal(value, known.network.state_dict()[name])
    assert handed.pricing is None and handed_to(recipe_from(SMALL)).checksums() == {}
    assert handed_to(recipe_from({**SMALL, "teacher": "cifar10_full_relu"})).teacher.name == "cifar10_full_relu"


@pytest.mark.parametrize(
    "source, says",
    [
        ("digitz", "There is no model 'digitz'"),
        ("mine.nir", "mine.nir as start has no weights of a network that is trained here; give a run folder"),
        ("mine.py:NET", "mine.py:NET as start has no weights"),
        ("mine.pth", "mine.pth"),
        ("runs/nmnist_saccades", "The start runs/nmnist_saccades is not there; `snnhw train nmnist_saccades --out"),
        ("runs/other", "There is no model 'runs/other'"),
    ],
)
def test_what_holds_no_weights_is_refused(source, says):
    with pytest.raises(InputError, match=says):
        handed_to(recipe_from({**SMALL, "start": source}))
