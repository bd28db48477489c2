"""How time enters and leaves a network."""

import pytest
import torch

from snnhw.errors import InputError
from snnhw.nn import build


def test_static_input_is_shown_at_every_step():
    network = build("digits_ds_resnet8").eval()
    x = torch.rand(2, 1, 8, 8)
    assert torch.equal(network(x), network(x.expand(4, 2, 1, 8, 8)))
    torch.testing.assert_close(network(x), network.by_step(x).view(4, 2, 10).mean(0))


def test_frames_of_another_number_are_refused():
    with pytest.raises(InputError, match="lasts 4 time steps and got"):
        build("digits_ds_resnet8")(torch.zeros(3, 1, 1, 8, 8))
